import { checkOp, type OpCase } from '@ttt-e2e/tensor-ops/op-check'
import { tf, type FusedOp } from '@ttt-e2e/tensor-ops'
import { describe, expect, it } from 'vitest'
import { opSuites } from '../../cases'
import { inPlaceTttOp, ringJoinOp, ringWriteOp, linearCrossEntropyLossesOp, shortConvOp } from '../../ops'
import { cases as inPlaceTttCases } from '../../in-place-ttt/cases'
import { cases as ringCases } from '../../ring-cache/cases'
import { useWebGpu } from './testing'

const sizeOf = ({ shapes }: OpCase) =>
  Object.values(shapes).reduce((sum, shape) => sum + tf.util.sizeFromShape([...shape]), 0)

/** The smallest two cases of an op of more than a token: an adapter of software is slow. */
const smallest = (cases: readonly OpCase[]) => [...cases].sort((a, b) => sizeOf(a) - sizeOf(b)).slice(0, 2)

const ops: [string, FusedOp, readonly OpCase[]][] = [
  ...Object.entries(opSuites).map(([name, { op, cases }]): [string, FusedOp, readonly OpCase[]] => [
    name,
    op as FusedOp,
    smallest(cases),
  ]),
  ['ring-cache, write', ringWriteOp as FusedOp, ringCases],
  [
    'in-place-ttt',
    inPlaceTttOp as unknown as FusedOp,
    inPlaceTttCases.filter(({ name }) =>
      ['one token, which ends a chunk', 'sequences at different places'].includes(name),
    ),
  ],
  ['ring-cache, join', ringJoinOp as FusedOp, ringCases],
  // Kernels are compiled for each width of heads: a few cases of one.
  [
    'attention of more than a tile',
    opSuites.attention.op as FusedOp,
    opSuites.attention.cases.filter(({ name }) =>
      [
        'grouped heads with cached keys',
        'sequences at different places, some keys past the end',
        'sequences at different places in a window',
      ].includes(name),
    ),
  ],
  ['clipped-sgd, all cases', opSuites['clipped-sgd'].op as unknown as FusedOp, opSuites['clipped-sgd'].cases],
  ['short-conv, all cases', opSuites['short-conv'].op as FusedOp, opSuites['short-conv'].cases],
  ['short-conv without a bias', shortConvOp as FusedOp, smallest(opSuites['short-conv'].cases)],
  [
    'linear-cross-entropy, losses alone',
    linearCrossEntropyLossesOp as FusedOp,
    smallest(opSuites['linear-cross-entropy'].cases),
  ],
]

describe.each(ops)('%s on webgpu', (_, op, cases) => {
  useWebGpu()
  it.each(cases.map((example) => [example.name, example] as const))('%s', async (_, example) => {
    const { leaked, errors } = await checkOp(op, example, 'webgpu', { order: 2 })
    expect(leaked).toBe(0)
    for (const { name, error, limit } of errors) expect(error, `${name}: relative error`).toBeLessThan(limit)
  })
})
