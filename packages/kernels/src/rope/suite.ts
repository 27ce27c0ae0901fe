import { opSuite } from '../op-suite'
import { cases } from './cases'
import { ropeOp } from './index'

export const suite = opSuite({
  op: ropeOp,
  cases,
  sizes: ({ length, hiddenSize, heads }) => [
    {
      name: 'a sequence',
      shapes: { x: [1, length, heads, hiddenSize / heads], position: [1] },
      integers: { position: [0] },
    },
  ],
})
