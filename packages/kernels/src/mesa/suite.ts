import { opSuite, type TimedCase } from '../op-suite'
import { cases } from './cases'
import { mesaOp } from './index'

export const suite = opSuite({
  op: mesaOp,
  cases,
  sizes: ({ length, chunk, hiddenSize, heads }) => [
    timed('a sequence', length, heads, hiddenSize / heads),
    timed('a chunk', chunk, heads, hiddenSize / heads),
    timed('a token', 1, heads, hiddenSize / heads),
  ],
})

/** Keys of length 1, as the layer has them, and sums as they are at the start. */
function timed(name: string, rows: number, heads: number, width: number): TimedCase {
  const row = [1, rows, heads, width]
  return {
    name,
    shapes: {
      q: row,
      k: row,
      v: row,
      g: [1, rows, heads],
      beta: [1, rows, heads],
      lambda: [heads, width],
      keys: [1, heads, width, width],
      values: [1, heads, width, width],
    },
    scale: { q: 1 / Math.sqrt(width), k: 1 / Math.sqrt(width) },
    values: { g: [-0.01, -0.1, -0.003], beta: [0.5, 0.2, 0.9], lambda: [1], keys: [0] },
  }
}
