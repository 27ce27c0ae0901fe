import { opSuite, type TimedCase } from '../op-suite'
import { cases } from './cases'
import { swigluOp } from './index'

export const suite = opSuite({
  op: swigluOp,
  cases,
  sizes: ({ length, chunk, intermediateSize }) => [
    timed('a sequence', length, intermediateSize),
    timed('a chunk', chunk, intermediateSize),
  ],
})

const timed = (name: string, rows: number, width: number): TimedCase => ({
  name,
  shapes: { gate: [1, rows, width], up: [1, rows, width] },
})
