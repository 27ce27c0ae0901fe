import type { FusedOp } from '@ttt-e2e/tensor-ops'
import { opSuite } from '../op-suite'
import { cases } from './cases'
import { adamwOp } from './index'

export const suite = opSuite({
  op: adamwOp(2),
  cases,
  sizes: ({ hiddenSize, intermediateSize, vocabularySize }) => [
    {
      op: adamwOp(4) as unknown as FusedOp,
      name: "an MLP's and the embedding",
      shapes: Object.fromEntries(
        ['p', 'g', 'm', 'v'].flatMap((letter) => [
          [`${letter}0`, [hiddenSize, intermediateSize]],
          [`${letter}1`, [hiddenSize, intermediateSize]],
          [`${letter}2`, [intermediateSize, hiddenSize]],
          [`${letter}3`, [vocabularySize, hiddenSize]],
        ]),
      ),
      attributes: { learningRate: 1e-3, step: 3 },
      // Second moments are never negative.
      scale: { v0: 0, v1: 0, v2: 0, v3: 0 },
    },
  ],
})
