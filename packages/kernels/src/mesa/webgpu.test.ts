import { checkOp } from '@ttt-e2e/tensor-ops/op-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { registerGpuEngine, useWebGpu } from '../engines/webgpu/testing'
import { cases } from './cases'
import { mesaOp } from '.'
import { gpuKernels } from './wgsl'

const smallBuffers = 'webgpu of small buffers for Mesa'
const limits = { maxStorageBufferBindingSize: 16_000 }
const manyTokens = cases.find(({ name }) => name === 'chunks, the last one short')!
const decays = cases.find(({ name }) => name === 'decays from 1 to nothing side by side')!
const examples = [
  { example: decays, engine: 'webgpu' },
  { example: manyTokens, engine: smallBuffers },
]

describe('the Mesa layer on webgpu', () => {
  useWebGpu()
  beforeAll(async () => {
    // Of the sums before tokens not all are kept.
    await registerGpuEngine(smallBuffers, limits)
  })
  it.each(examples.map((each) => ({ of: each.example.name, ...each })))(
    '$of, $engine',
    async ({ example, engine }) => {
      const { leaked, errors } = await checkOp(mesaOp, example, engine, { order: 1 })
      expect(leaked).toBe(0)
      for (const { name, error, limit } of errors)
        expect(error, `${name}: relative error`).toBeLessThan(limit)
    },
  )
})

it('says why its kernels do not take what is too large', () => {
  const { supports } = gpuKernels.MesaGrad
  expect(supports(manyTokens.shapes, {}, limits)).toBe(true)
  expect(supports(manyTokens.shapes, {}, { maxStorageBufferBindingSize: 400 })).toMatch(
    /^it takes a buffer of \d+ bytes, a kernel of this GPU may get 400$/,
  )
})
