import type { FusedOp } from '@ttt-e2e/tensor-ops'
import { opSuite } from '../op-suite'
import { cases } from './cases'
import { clippedSgdOp } from './index'

export const suite = opSuite({
  op: clippedSgdOp(2),
  cases,
  sizes: ({ hiddenSize, intermediateSize, suffixBlocks }) => [
    {
      op: clippedSgdOp(3 * suffixBlocks) as unknown as FusedOp,
      name: 'the prime MLPs',
      shapes: {
        ...Object.fromEntries(
          Array.from({ length: 6 * suffixBlocks }, (_, i) => [
            `${i % 2 === 0 ? 'w' : 'g'}${i >> 1}`,
            (i >> 1) % 3 === 2 ? [1, intermediateSize, hiddenSize] : [1, hiddenSize, intermediateSize],
          ]),
        ),
        rate: [],
      },
    },
  ],
})
