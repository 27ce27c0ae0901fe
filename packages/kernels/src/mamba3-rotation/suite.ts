import { opSuite, type TimedCase } from '../op-suite'
import { cases } from './cases'
import { mamba3RotationOp } from './index'

export const suite = opSuite({
  op: mamba3RotationOp,
  cases,
  sizes: ({ length, hiddenSize }) => [
    timed('a sequence', length, hiddenSize),
    timed('a token', 1, hiddenSize),
  ],
})

/** Mamba 3's usual widths, of one rank: twice the hidden size in heads of 64, keys of 128, half of which turn. */
function timed(name: string, rows: number, hiddenSize: number): TimedCase {
  const [heads, width] = [(2 * hiddenSize) / 64, 128]
  return {
    name,
    shapes: {
      B: [1, rows, 1, 1, width],
      C: [1, rows, 1, 1, width],
      dt: [1, rows, heads],
      theta: [1, rows, width / 4],
      bBias: [heads, 1, width],
      cBias: [heads, 1, width],
      angle: [1, heads, width / 4],
    },
    values: { dt: [0.003, 0.05, 0.01] },
  }
}
