import { checkOp, type OpCase } from '@ttt-e2e/tensor-ops/op-check'
import type { FusedOp } from '@ttt-e2e/tensor-ops'
import { beforeAll, describe, expect, it } from 'vitest'
import { registerGpuEngine, useWebGpu } from '../engines/webgpu/testing'
import { tttLinearOp } from '../ttt-linear'
import { tttMlpOp } from '../ttt-mlp'
import { tttCases, tttShapes } from './cases'
import { tttKernels } from './wgsl'

/** Kernels are compiled for each width and mini-batch: cases of one. */
const wanted = new Set(['from inside a mini-batch, over two borders', 'sequences at different positions'])
const examples = (layers: (width: number) => number[]) =>
  tttCases(layers).filter(({ name }) => wanted.has(name))

const many = { batch: 1, length: 8, heads: 1, width: 4, miniBatch: 1 }
const ofManyStarts: OpCase = {
  name: 'starts that are not all kept',
  shapes: tttShapes({ ...many, layers: [4] }),
  integers: { position: [0] },
  scale: { rates: 0.1, factors: 0.5, w1: 0.5, w1Sum: 0.5 },
}
const smallBuffers = 'webgpu of small buffers for TTT'
const linear = examples((width) => [width])

type Example = [string, FusedOp, OpCase, string]
const ops: Example[] = [
  ...linear.map((each): Example => ['TTT-Linear', tttLinearOp, each, 'webgpu']),
  ['TTT-Linear', tttLinearOp, ofManyStarts, smallBuffers],
  ['TTT-MLP', tttMlpOp, examples((width) => [2 * width, width])[0], 'webgpu'],
]

describe('TTT layers on webgpu', () => {
  useWebGpu()
  beforeAll(async () => {
    await registerGpuEngine(smallBuffers, { maxStorageBufferBindingSize: 3200 })
  })
  it.each(ops.map(([name, op, example, engine]) => ({ name, op, example, engine, of: example.name })))(
    '$name: $of',
    async ({ op, example, engine }) => {
      const { leaked, errors } = await checkOp(op, example, engine, { order: 1 })
      expect(leaked).toBe(0)
      for (const { name, error, limit } of errors)
        expect(error, `${name}: relative error`).toBeLessThan(limit)
    },
  )
})

it('says why its kernels do not take what is too large', () => {
  const shapes = tttShapes({ ...many, layers: [4] })
  const { supports } = tttKernels('TttLinear').TttLinearGrad
  expect(supports(shapes, {}, { maxStorageBufferBindingSize: 3200 })).toBe(true)
  expect(supports(shapes, {}, { maxStorageBufferBindingSize: 400 })).toMatch(
    /^it takes a buffer of \d+ bytes, a kernel of this GPU may get 400$/,
  )
})
