import { checkOp, type OpCase } from '@ttt-e2e/tensor-ops/op-check'
import type { FusedOp } from '@ttt-e2e/tensor-ops'
import { describe, expect, it } from 'vitest'
import { useWebGpu } from '../engines/webgpu/testing'
import { tttLinearOp } from '../ttt-linear'
import { tttMlpOp } from '../ttt-mlp'
import { tttCases } from './cases'

const wanted = ['within a mini-batch', 'from inside a mini-batch, over two borders', 'sequences at different positions'] // prettier-ignore
const examples = (layers: (width: number) => number[]) =>
  tttCases(layers).filter(({ name }) => wanted.includes(name))

const ops: [string, FusedOp, OpCase[]][] = [
  ['TTT-Linear', tttLinearOp, examples((width) => [width])],
  ['TTT-MLP', tttMlpOp, examples((width) => [2 * width, width])],
]

describe.each(ops)('%s on webgpu', (_, op, cases) => {
  useWebGpu()
  it.each(cases.map((example) => [example.name, example] as const))('%s', async (_, example) => {
    const { leaked, errors } = await checkOp(op, example, 'webgpu', { order: 1 })
    expect(leaked).toBe(0)
    for (const { name, error, limit } of errors) expect(error, `${name}: relative error`).toBeLessThan(limit)
  })
})
