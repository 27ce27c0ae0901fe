import {
  createRandom,
  relativeError,
  resolveEngine,
  tf,
  type FusedOp,
  type Tensor,
  type Tensors,
} from '@ttt-e2e/tensor-ops'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { describe, expect, it } from 'vitest'
import { expectSameBits } from '../engines/compiled/testing'
import { nativeAddon, useInstructionSet } from '../engines/native'
import { attentionOp } from './index'

const op = attentionOp as unknown as FusedOp
const gradient = op.gradient()
const second = gradient.gradient()
type Attributes = { window: number }
type Sizes = [batch: number, queries: number, keys: number, heads: number, keyHeads: number, width: number]

useEngine('native', { threads: 2 })

const random = createRandom(11)
const normal = (shape: number[]): Tensor =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()),
    shape,
  )

/** Everything that the gradient of the gradient takes; y and logSumExp are what attention makes of q, k and v. */
function makeInputs(
  [b, queries, keys, heads, keyHeads, width]: Sizes,
  attributes: Attributes,
  offset = 0,
): Tensors {
  const [ofQuery, ofKey] = [
    [b, queries, heads, width],
    [b, keys, keyHeads, width],
  ]
  const inputs: Tensors = {
    q: normal(ofQuery),
    k: normal(ofKey),
    v: normal(ofKey),
    offset: tf.fill([b], offset, 'int32'),
    d_y: normal(ofQuery),
    d_logSumExp: normal([b, heads, queries]),
    d_grad_q: normal(ofQuery),
    d_grad_k: normal(ofKey),
    d_grad_v: normal(ofKey),
  }
  return { ...inputs, ...op(inputs, attributes) }
}

const subsets = (names: readonly string[]) => [names, ...names.map((name) => [name])]
const variantsOf = (of: FusedOp) =>
  subsets(of.differentiable).flatMap((wanted) =>
    subsets(of.outputs).map((given) => of.gradient(wanted, given)),
  )

const pick = (variant: FusedOp, inputs: Tensors) =>
  Object.fromEntries(variant.inputs.map((name) => [name, inputs[name]]))
const valuesOf = (tensors: Tensors) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, tensor.dataSync() as Float32Array]),
  )

describe('attention on the native engine', () => {
  it('takes memory in proportion to its inputs', () => {
    const sizes: Sizes = [1, 4096, 4096, 4, 4, 64]
    const attributes = { window: 512 }
    const { memory } = tf.backend() as unknown as { memory(): { reservedBytes: number } }
    const reserved = () => memory.call(tf.backend()).reservedBytes
    const before = reserved()
    tf.tidy(() => {
      const inputs = makeInputs(sizes, attributes)
      gradient(pick(gradient, inputs), attributes)
      second(pick(second, inputs), attributes)
    })
    expect(reserved() - before).toBeLessThanOrEqual(8 * 4 * (4 * 4096 * 4 * 64))
  })

  it('has one kernel for the gradient of the gradient, however little of it is asked for', async () => {
    const { hasOwnKernel } = await resolveEngine('native', { threads: 2 })
    const names = variantsOf(op).flatMap((first) => variantsOf(first).map(({ name }) => name))
    expect(names.filter((name) => !hasOwnKernel(name))).toEqual([])
  })

  const shapes: [Sizes, Attributes, offset: number][] = [
    [[1, 70, 70, 2, 1, 9], { window: 0 }, 0],
    [[2, 33, 133, 2, 2, 16], { window: 100 }, 100],
    [[1, 130, 130, 1, 1, 8], { window: 3 }, 0],
    [[1, 1, 20, 4, 2, 8], { window: 12 }, 19],
    [[2, 5, 64, 2, 1, 8], { window: 0 }, 7],
  ]
  for (const [sizes, attributes, offset] of shapes)
    it(`${sizes} ${JSON.stringify(attributes)} from ${offset} on: every part of it agrees with the reference`, async () => {
      const addon = await nativeAddon()
      if (typeof addon === 'string') return
      const variants = [...new Set(variantsOf(op).flatMap(variantsOf))]
      try {
        addon.setPoison(1)
        tf.tidy(() => {
          const inputs = makeInputs(sizes, attributes, offset)
          for (const variant of variants) {
            const given = pick(variant, inputs)
            const expected = valuesOf(variant.reference(given, attributes))
            for (const [set, , supported] of addon.instructionSets) {
              if (!supported) continue
              useInstructionSet(addon, set)
              const actual = valuesOf(variant(given, attributes))
              for (const name of variant.outputs)
                expect(
                  relativeError(actual[name], expected[name]),
                  `${variant.name} ${name} ${set}`,
                ).toBeLessThan(2e-5)
            }
          }
        })
      } finally {
        addon.setPoison(0)
        useInstructionSet(addon, process.env.TTT_E2E_ISA)
      }
    })

  it('gives the same bits on 1, 2 and 3 threads and again', async () => {
    const shapes: [Sizes, Attributes][] = [
      [[1, 300, 300, 1, 1, 32], { window: 100 }],
      [[2, 150, 150, 4, 2, 16], { window: 0 }],
    ]
    for (const [sizes, attributes] of shapes) {
      await resolveEngine('native', { threads: 1 })
      const inputs = makeInputs(sizes, attributes)
      const run = () =>
        [op, gradient, second].map((each) => {
          const outputs = each(pick(each, inputs), attributes)
          const values = valuesOf(outputs)
          tf.dispose(outputs)
          return values
        })
      await expectSameBits(run)
      tf.dispose(inputs)
    }
  })

  it('refuses shapes that do not fit', () => {
    const call = (q: number[], k: number[], v = k) =>
      tf.tidy(
        () =>
          void op(
            { q: tf.ones(q), k: tf.ones(k), v: tf.ones(v), offset: tf.zeros([q[0]], 'int32') },
            { window: 0 },
          ),
      )
    for (const [q, k, v] of [
      [
        [1, 5, 3, 8],
        [1, 5, 2, 8],
      ],
      [
        [1, 5, 1, 8],
        [1, 5, 2, 8],
      ],
      [
        [1, 5, 2, 8],
        [1, 5, 2, 4],
      ],
      [
        [2, 5, 2, 8],
        [1, 5, 2, 8],
      ],
      [
        [1, 5, 2, 8],
        [1, 5, 2, 8],
        [1, 4, 2, 8],
      ],
    ])
      expect(() => call(q, k, v)).toThrow('Attention: the input ')
  })
})
