import { checkOp, type OpCase } from '@ttt-e2e/tensor-ops/op-check'
import { tf, type FusedOp } from '@ttt-e2e/tensor-ops'
import { describe, expect, it } from 'vitest'
import { opSuites } from '../../cases'
import { useWebGpu } from './testing'

const sizeOf = ({ shapes }: OpCase) =>
  Object.values(shapes).reduce((sum, shape) => sum + tf.util.sizeFromShape([...shape]), 0)

/** The smallest two cases of an op of more than a token: an adapter of software is slow. */
const smallest = (cases: readonly OpCase[]) => [...cases].sort((a, b) => sizeOf(a) - sizeOf(b)).slice(0, 2)

describe.each(Object.entries(opSuites))('%s on webgpu', (_, { op, cases }) => {
  useWebGpu()
  it.each(smallest(cases).map((example) => [example.name, example] as const))('%s', async (_, example) => {
    const { leaked, errors } = await checkOp(op as FusedOp, example, 'webgpu', { order: 2 })
    expect(leaked).toBe(0)
    for (const { name, error, limit } of errors) expect(error, `${name}: relative error`).toBeLessThan(limit)
  })
})
