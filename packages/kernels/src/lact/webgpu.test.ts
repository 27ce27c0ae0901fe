import { checkOp } from '@ttt-e2e/tensor-ops/op-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { registerGpuEngine, useWebGpu } from '../engines/webgpu/testing'
import { cases } from './cases'
import { lactOp } from '.'
import { gpuKernels } from './wgsl'

/** Kernels are compiled for each width and chunk: those of a few. */
const wanted = new Set(['rescaled copies', 'heads at different positions', 'more than a block of tokens'])
const smallBuffers = 'webgpu of small buffers for LaCT'
const manyChunks = 'three chunks and a rest'
const examples = cases.flatMap((example) => [
  ...(wanted.has(example.name) ? [{ example, engine: 'webgpu' }] : []),
  ...(example.name === manyChunks ? [{ example, engine: smallBuffers }] : []),
])

describe('LaCT on webgpu', () => {
  useWebGpu()
  beforeAll(async () => {
    // Of the weights that chunks begin with not all are kept.
    await registerGpuEngine(smallBuffers, { maxStorageBufferBindingSize: 12_000 })
  })
  it.each(examples.map(({ example, engine }) => ({ of: example.name, example, engine })))(
    '$of, $engine',
    async ({ example, engine }) => {
      const { leaked, errors } = await checkOp(lactOp, example, engine, { order: 1 })
      expect(leaked).toBe(0)
      for (const { name, error, limit } of errors)
        expect(error, `${name}: relative error`).toBeLessThan(limit)
    },
  )
})

it('says why its kernels do not take what is too large', () => {
  const { shapes, attributes } = cases.find(({ name }) => name === manyChunks)!
  const { supports } = gpuKernels.LactGrad
  expect(supports(shapes, attributes, { maxStorageBufferBindingSize: 12_000 })).toBe(true)
  expect(supports(shapes, attributes, { maxStorageBufferBindingSize: 400 })).toMatch(
    /^it takes a buffer of \d+ bytes, a kernel of this GPU may get 400$/,
  )
})
