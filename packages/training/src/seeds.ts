import { fold } from '@ttt-e2e/tensor-ops'

/** Data and parameters are drawn from different seeds of one run; the data's is the same for every system. */
export const seedsOf = (seed: number) => ({ data: fold(seed, 1), parameters: fold(seed, 2) })

/** What held-out documents are drawn from: far from the seeds of training runs, which count from 0. */
export const heldOutSeed = 0x5eed_e7a1
