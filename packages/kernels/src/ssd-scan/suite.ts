import { opSuite, type TimedCase } from '../op-suite'
import { cases } from './cases'
import { ssdScanOp } from './index'

export const suite = opSuite({
  op: ssdScanOp,
  cases,
  sizes: ({ length, chunk, hiddenSize }) => [
    timed('a sequence', length, hiddenSize),
    timed('a chunk', chunk, hiddenSize),
    timed('a token', 1, hiddenSize),
  ],
})

/** Mamba 2's usual widths: twice the hidden size in heads of 64, a state of 128 for each channel. */
function timed(name: string, rows: number, hiddenSize: number): TimedCase {
  const [heads, state] = [(2 * hiddenSize) / 64, 128]
  return {
    name,
    shapes: {
      x: [1, rows, heads, 64],
      dt: [1, rows, heads],
      A: [heads],
      B: [1, rows, 1, state],
      C: [1, rows, 1, state],
      D: [heads],
      state: [1, heads, 64, state],
    },
    values: { dt: [0.003, 0.05, 0.01], A: [-1, -4, -16] },
  }
}
