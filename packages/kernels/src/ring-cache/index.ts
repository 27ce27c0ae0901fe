import { atLeast, defineFusedOp, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { joinReference, writeReference } from './reference'

const inputs = ['cache', 'rows', 'position']
const common = {
  inputs,
  integers: ['position'],
  differentiable: ['cache', 'rows'],
  inputShapes: ({ cache: [batch, capacity, heads, width], rows: [, length] }: Shapes) => ({
    cache: [batch, atLeast(1, capacity), heads, width],
    rows: [batch, length, heads, width],
    position: [batch],
  }),
}

const writeOp = defineFusedOp({
  ...common,
  name: 'RingWrite',
  outputs: ['written'],
  overwrites: { written: 'cache' },
  outputShapes: ({ cache }: Shapes) => ({ written: cache }),
  reference: writeReference,
})

const joinOp = defineFusedOp({
  ...common,
  name: 'RingJoin',
  outputs: ['joined'],
  outputShapes: ({ cache: [batch, capacity, heads, width], rows: [, length] }: Shapes) => ({
    joined: [batch, capacity + length, heads, width],
  }),
  reference: joinReference,
})

/**
 * A ring keeps what belongs to the last C tokens of each sequence, that of token p in slot p mod C. Puts what belongs to
 * T more tokens into their slots; of more than C of them only the last ones stay.
 *
 * @param cache [B, C, G, d]
 * @param rows [B, T, G, d]
 * @param position int32 [B], from 0 on: the tokens of each sequence before these
 * @returns the ring after these tokens [B, C, G, d]
 */
export function writeRing(cache: Tensor, rows: Tensor, position: Tensor): Tensor {
  return writeOp({ cache, rows, position }).written
}

/**
 * What a ring keeps, the oldest first, and T more tokens behind it: token by token from place 0 on. With n = min(position,
 * C) tokens in a sequence's ring the new ones stand at places n … n + T − 1; zeros follow.
 *
 * @param cache [B, C, G, d], see `writeRing`
 * @param rows [B, T, G, d]
 * @param position int32 [B], from 0 on: the tokens of each sequence before these
 * @returns [B, C + T, G, d]
 */
export function joinRing(cache: Tensor, rows: Tensor, position: Tensor): Tensor {
  return joinOp({ cache, rows, position }).joined
}
export { joinOp as ringJoinOp, writeOp as ringWriteOp }
