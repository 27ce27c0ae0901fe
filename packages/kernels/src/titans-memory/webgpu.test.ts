import { checkOp } from '@ttt-e2e/tensor-ops/op-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { registerGpuEngine, useWebGpu } from '../engines/webgpu/testing'
import { cases } from './cases'
import { titansMemoryOp } from '.'
import { gpuKernels } from './wgsl'

/** Kernels are compiled for each width, and for gradients at the start: those of a few. */
const wanted = new Set([
  'inside a chunk, gradients at the start',
  'heads at different positions',
  'η and α of 0 and 1',
])
const smallBuffers = 'webgpu of small buffers for Titans'
const limits = { maxStorageBufferBindingSize: 40_000 }
const manyChunks = cases.find(({ name }) => name === 'two chunks and a rest')!
const examples = [
  ...cases.filter(({ name }) => wanted.has(name)).map((example) => ({ example, engine: 'webgpu' })),
  { example: manyChunks, engine: smallBuffers },
]

describe("Titans' memory on webgpu", () => {
  useWebGpu()
  beforeAll(async () => {
    // Of the weights that chunks begin with not all are kept.
    await registerGpuEngine(smallBuffers, limits)
  })
  it.each(examples.map((each) => ({ of: each.example.name, ...each })))(
    '$of, $engine',
    async ({ example, engine }) => {
      const { leaked, errors } = await checkOp(titansMemoryOp, example, engine, { order: 1 })
      expect(leaked).toBe(0)
      for (const { name, error, limit } of errors)
        expect(error, `${name}: relative error`).toBeLessThan(limit)
    },
  )
})

it('says why its kernels do not take what is too large', () => {
  const { shapes, attributes } = manyChunks
  const { supports } = gpuKernels.TitansMemoryGrad
  expect(supports(shapes, { gradientsAtStart: 0, ...attributes }, limits)).toBe(true)
  expect(
    supports(shapes, { gradientsAtStart: 0, ...attributes }, { maxStorageBufferBindingSize: 400 }),
  ).toMatch(/^it takes a buffer of \d+ bytes, a kernel of this GPU may get 400$/)
})
