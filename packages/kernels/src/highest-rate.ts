/**
 * The largest learning rate of fast weights that a layer takes as its option, in float32: the squares of what larger ones make,
 * which norms and second gradients are of, have no room.
 */
export const highestRate = 1e8

/** The same of a token's own rate, as the ops take it: layers add what they learn to their option. */
export const highestTokenRate = 2 * highestRate
