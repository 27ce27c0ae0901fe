import { opSuite, type TimedCase } from '../op-suite'
import { cases } from './cases'
import { biasedShortConvOp } from './index'

export const suite = opSuite({
  op: biasedShortConvOp,
  cases,
  sizes: ({ length, hiddenSize }) => [
    timed('a sequence', length, 2 * hiddenSize),
    timed('a token', 1, 2 * hiddenSize),
  ],
})

const timed = (name: string, rows: number, channels: number): TimedCase => ({
  name,
  shapes: { x: [1, rows, channels], weight: [channels, 4], state: [1, channels, 3], bias: [channels] },
  attributes: { silu: 1 },
})
