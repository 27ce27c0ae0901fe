import { checkOp, type OpCase } from '@ttt-e2e/tensor-ops/op-check'
import type { FusedOp } from '@ttt-e2e/tensor-ops'
import { describe, expect, it } from 'vitest'
import { useWebGpu } from '../engines/webgpu/testing'
import { tttLinearOp } from '../ttt-linear'
import { tttMlpOp } from '../ttt-mlp'
import { tttCases, tttShapes } from './cases'
import { tttSupports } from './wgsl'

/** Kernels are compiled for each width and mini-batch: cases of one. */
const wanted = new Set(['from inside a mini-batch, over two borders', 'sequences at different positions'])
const examples = (layers: (width: number) => number[]) =>
  tttCases(layers).filter(({ name }) => wanted.has(name))

const many = { batch: 1, length: 8, heads: 1, width: 4, miniBatch: 1 }
const linear = examples((width) => [width])

type Example = [string, FusedOp, OpCase]
const ops: Example[] = [
  ...linear.map((each): Example => ['TTT-Linear', tttLinearOp, each]),
  ['TTT-MLP', tttMlpOp, examples((width) => [2 * width, width])[0]],
]

describe('TTT layers on webgpu', () => {
  useWebGpu()
  it.each(ops.map(([name, op, example]) => ({ name, op, example, of: example.name })))(
    '$name: $of',
    async ({ op, example }) => {
      const { leaked, errors } = await checkOp(op, example, 'webgpu', { order: 0 })
      expect(leaked).toBe(0)
      for (const { name, error, limit } of errors)
        expect(error, `${name}: relative error`).toBeLessThan(limit)
    },
  )
})

it('says why its kernels do not take what is too large', () => {
  const shapes = tttShapes({ ...many, layers: [4] })
  expect(tttSupports(shapes, { maxStorageBufferBindingSize: 3200 })).toBe(true)
  expect(tttSupports(shapes, { maxStorageBufferBindingSize: 400 })).toMatch(
    /^it takes a buffer of \d+ bytes, a kernel of this GPU may get 400$/,
  )
})
