import { opSuite, type ModelShape, type TimedCase } from '../op-suite'
import { cases } from './cases'
import { attentionOp } from './index'

export const suite = opSuite({
  op: attentionOp,
  cases,
  sizes: (shape) => {
    const { length, chunk, window } = shape
    return [
      timed('a sequence, all before', shape, length, length, 0),
      timed('a sequence, window', shape, length, length, window),
      timed('a chunk, window', shape, chunk, window + chunk, window),
    ]
  },
})

/** Products over the pairs of a query and a key it sees: two; five for the gradient; twelve for that one's. */
function timed(
  name: string,
  { hiddenSize, heads }: ModelShape,
  queries: number,
  keys: number,
  window: number,
): TimedCase {
  const offset = keys - queries
  let pairs = 0
  for (let i = 0; i < queries; i++) pairs += Math.min(offset + i + 1, window || Infinity)
  const product = 2 * pairs * hiddenSize
  const key = [1, keys, heads, hiddenSize / heads]
  return {
    name,
    shapes: { q: [1, queries, heads, hiddenSize / heads], k: key, v: key, offset: [1] },
    attributes: { window },
    integers: { offset: [offset] },
    flops: [2, 5, 12].map((products) => products * product),
  }
}
