import { opSuite } from '../op-suite'
import { cases } from './cases'
import { rmsNormOp } from './index'

export const suite = opSuite({
  op: rmsNormOp,
  cases,
  sizes: ({ length, chunk, hiddenSize, heads }) => {
    const width = hiddenSize / heads
    return [
      { name: 'a sequence', shapes: { x: [1, length, hiddenSize], scale: [hiddenSize] } },
      { name: 'heads', shapes: { x: [1, length, heads, width], scale: [width] } },
      { name: 'a chunk', shapes: { x: [1, chunk, hiddenSize], scale: [hiddenSize] } },
    ]
  },
})
