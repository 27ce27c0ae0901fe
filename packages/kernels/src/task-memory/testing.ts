import type { Attributes, FusedOp, Shapes } from '@ttt-e2e/tensor-ops'
import { checkOp, type OpCase } from '@ttt-e2e/tensor-ops/op-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { registerGpuEngine, useWebGpu } from '../engines/webgpu/testing'

export interface TaskExample {
  op: FusedOp
  example: OpCase
}

/** A case of which a GPU whose kernels get so few bytes of a buffer doesn't keep all starts. */
export interface SmallBuffers extends TaskExample {
  bytes: number
  /** What its gradient's kernel is asked of, with all attributes. */
  supports: (
    inputs: Shapes,
    attributes: Attributes,
    limits: { maxStorageBufferBindingSize: number },
  ) => true | string
  attributes?: Attributes
}

/**
 * Holds kernels of tasks to their references on webgpu, with their gradients, and one on a GPU of small buffers, too; they say
 * why they don't take what is too large for it.
 */
export function testTaskKernels(title: string, examples: readonly TaskExample[], small: SmallBuffers): void {
  const smallEngine = `webgpu of small buffers for ${title}`
  const all = [
    ...examples.map((each) => ({ ...each, engine: 'webgpu' })),
    { op: small.op, example: small.example, engine: smallEngine },
  ]

  describe(`${title} on webgpu`, () => {
    useWebGpu()
    beforeAll(async () => {
      await registerGpuEngine(smallEngine, { maxStorageBufferBindingSize: small.bytes })
    })
    it.each(all.map((each) => ({ name: each.op.name, of: each.example.name, ...each })))(
      '$name: $of, $engine',
      async ({ op, example, engine }) => {
        const { leaked, errors } = await checkOp(op, example, engine, { order: 1 })
        expect(leaked).toBe(0)
        for (const { name, error, limit } of errors)
          expect(error, `${name}: relative error`).toBeLessThan(limit)
      },
    )
  })

  it('says why its kernels do not take what is too large', () => {
    const supports = (bytes: number) =>
      small.supports(small.example.shapes, small.attributes ?? {}, { maxStorageBufferBindingSize: bytes })
    expect(supports(small.bytes)).toBe(true)
    expect(supports(400)).toMatch(/^it takes a buffer of \d+ bytes, a kernel of this GPU may get 400$/)
  })
}
