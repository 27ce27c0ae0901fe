import { highestRate } from '@ttt-e2e/kernels/ops'
import { z } from 'zod'

const error = `must be a number from -${highestRate} to ${highestRate}: float32 has no room for the squares of what larger ones make`

/** The learning rate of fast weights, as an option of a layer. */
export const fastRate = z.number(error).min(-highestRate, error).max(highestRate, error)
