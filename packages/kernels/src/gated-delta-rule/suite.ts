import { opSuite, type ModelShape, type TimedCase } from '../op-suite'
import { cases } from './cases'
import { gatedDeltaRuleOp } from './index'

export const suite = opSuite({
  op: gatedDeltaRuleOp,
  cases,
  sizes: (shape) => [
    timed('a sequence', shape.length, shape),
    timed('a chunk', shape.chunk, shape),
    timed('a token', 1, shape),
  ],
})

/** Gated DeltaNet's usual widths: keys of three quarters of the hidden size, values of twice that. */
function timed(name: string, rows: number, { hiddenSize, heads }: ModelShape): TimedCase {
  const width = (0.75 * hiddenSize) / heads
  return {
    name,
    shapes: {
      q: [1, rows, heads, width],
      k: [1, rows, heads, width],
      v: [1, rows, heads, 2 * width],
      g: [1, rows, heads],
      beta: [1, rows, heads],
      state: [1, heads, width, 2 * width],
    },
    // About unit keys.
    scale: { k: 1 / Math.sqrt(width) },
    values: { g: [-0.01, -0.2, -0.05], beta: [0.4, 0.8] },
  }
}
