/**
 * The largest learning rate of fast weights that ops of the kind take, in float32: the squares of what larger ones make,
 * which norms and second gradients are of, have no room.
 */
export const highestRate = 1e8
