import { z } from 'zod'

/** Up to here layers that learn while they read do as in float64. */
const highest = 1e8
const error = `must be a number from -${highest} to ${highest}: float32 has no room for the squares of what larger ones make`

/** The learning rate of fast weights, as an option of a layer. */
export const fastRate = z.number(error).min(-highest, error).max(highest, error)
