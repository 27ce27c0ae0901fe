import { opSuite, type ModelShape, type TimedCase } from '../op-suite'
import { cases } from './cases'
import { channelDeltaRuleOp } from './index'

export const suite = opSuite({
  op: channelDeltaRuleOp,
  cases,
  sizes: (shape) => [
    timed('a sequence', shape.length, shape),
    timed('a chunk', shape.chunk, shape),
    timed('a token', 1, shape),
  ],
})

/** KDA's and Gated DeltaNet-2's usual widths: the hidden size shared among the heads, for keys and values. */
function timed(name: string, rows: number, { hiddenSize, heads }: ModelShape): TimedCase {
  const width = hiddenSize / heads
  const row = [1, rows, heads, width]
  return {
    name,
    shapes: { q: row, k: row, erase: row, v: row, g: row, state: [1, heads, width, width] },
    // About unit keys.
    scale: { k: 1 / Math.sqrt(width), erase: 0.5 / Math.sqrt(width) },
    values: { g: [-0.01, -0.2, -0.05, -0.6] },
  }
}
