import { opSuite, type TimedCase } from '../op-suite'
import { cases } from './cases'
import { mamba3ScanOp } from './index'

export const suite = opSuite({
  op: mamba3ScanOp,
  cases,
  sizes: ({ length, chunk, hiddenSize }) => [
    timed('a sequence', length, hiddenSize),
    timed('a chunk', chunk, hiddenSize),
    timed('a token', 1, hiddenSize),
  ],
})

/** Mamba 3's usual widths, of one rank: twice the hidden size in heads of 64, a state of 128 for each channel. */
function timed(name: string, rows: number, hiddenSize: number): TimedCase {
  const [heads, state] = [(2 * hiddenSize) / 64, 128]
  return {
    name,
    shapes: {
      q: [1, rows, 1, heads, state],
      k: [1, rows, 1, heads, state],
      v: [1, rows, 1, heads, 64],
      g: [1, rows, heads],
      write: [1, rows, heads],
      own: [1, rows, heads],
      D: [heads],
      state: [1, heads, 64, state],
      keyBefore: [1, 1, heads, state],
      valueBefore: [1, 1, heads, 64],
      writeBefore: [1, heads],
    },
    values: { g: [-0.003, -0.05, -0.01], write: [0.01, 0.05], own: [0.02, 0.03] },
  }
}
