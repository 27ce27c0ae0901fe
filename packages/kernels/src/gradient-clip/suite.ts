import type { FusedOp } from '@ttt-e2e/tensor-ops'
import { opSuite } from '../op-suite'
import { cases } from './cases'
import { gradientClipOp } from './index'

export const suite = opSuite({
  op: gradientClipOp(2),
  cases,
  sizes: ({ hiddenSize, intermediateSize, vocabularySize }) => [
    {
      op: gradientClipOp(4) as unknown as FusedOp,
      name: "an MLP's and the embedding",
      shapes: {
        g0: [hiddenSize, intermediateSize],
        g1: [hiddenSize, intermediateSize],
        g2: [intermediateSize, hiddenSize],
        g3: [vocabularySize, hiddenSize],
      },
    },
  ],
})
