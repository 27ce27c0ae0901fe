import {
  relativeErrorOf,
  resolveEngine,
  tf,
  type FusedOp,
  type Shapes,
  type Tensors,
} from '@ttt-e2e/tensor-ops'
import { afterAll, describe, expect, it } from 'vitest'
import { lactShapes } from '../../lact/cases'
import { titansMemoryShapes } from '../../titans-memory/cases'
import { lactOp, titansMemoryOp } from '../../ops'
import { compiledTargets, createDraws, expectLikeCpu, expectSameBits } from './testing'

const { normal } = createDraws(7)

type Attributes = Record<string, number>
type Sizes = [heads: number, length: number, width: number, hidden: number]
const learning = { rate: 0.005, s0: 0.05, s1: 0.05, s2: 0.05, g0: 0.05, g1: 0.05, g2: 0.05 }
const ops: {
  op: FusedOp
  shapes: (...sizes: Sizes) => Shapes
  scale: Record<string, number>
  attributes: Attributes
}[] = [
  {
    op: lactOp as unknown as FusedOp,
    shapes: lactShapes,
    scale: { lr: 0.02, k: 0.5, v: 0.5, momentum: 0.5, w0: 0.3, w1: 0.3, w2: 0.3 },
    attributes: { chunk: 40 },
  },
  {
    op: titansMemoryOp as unknown as FusedOp,
    shapes: titansMemoryShapes,
    // Rates so small that a hundred updates stay predictable in float32.
    scale: { ...learning, w0: 0.3, w1: 0.3, w2: 0.3 },
    attributes: { chunk: 40 },
  },
]

afterAll(() => resolveEngine('cpu'))

describe.each(ops)('$op.name', ({ op, shapes, scale, attributes }) => {
  /** The op's inputs and a cotangent for each output. */
  const makeInputs = (sizes: Sizes, position = 9): Tensors => {
    const of: Shapes = shapes(...sizes)
    const outputs = op.outputShapes(of)
    return Object.fromEntries([
      ...op.differentiable.map((name) => [name, normal(of[name], scale[name])]),
      ['position', tf.fill(of.position, position, 'int32')],
      ...op.outputs.map((name) => [`d_${name}`, normal(outputs[name])]),
    ])
  }
  const pick = (variant: FusedOp, inputs: Tensors) =>
    Object.fromEntries(variant.inputs.map((name) => [name, inputs[name]]))

  it('agrees with its reference, and its gradients for some of the outputs with theirs', async () => {
    const inputs = makeInputs([3, 100, 17, 35])
    const gradients = [['y'], ['w1'], ['g2'], ['momentumSum'], ['y', 'g0', 'w2']].flatMap((cotangents) =>
      [op.differentiable, ['q', 'momentum'], ['k'], ['w0', 'g1']].map((wanted) =>
        op.gradient(wanted, cotangents),
      ),
    )
    for (const variant of [op, ...gradients]) {
      const given = pick(variant, inputs)
      const named = (tensors: unknown[]) =>
        Object.fromEntries(variant.inputs.map((name, i) => [name, tensors[i]])) as Tensors
      const listed = (results: Tensors) => variant.outputs.map((name) => results[name])
      await expectLikeCpu(
        Object.values(given),
        (...tensors) => listed(variant.reference(named(tensors), attributes)),
        { compiled: (...tensors) => listed(variant(named(tensors), attributes)), tolerance: 2e-5 },
      )
    }
  })

  it('computes states of epochs again where they are too many to be kept', async () => {
    await resolveEngine('cpu')
    const inputs = makeInputs([1, 130, 64, 100], 3)
    const gradient = op.gradient(['v', 'w1', 'momentum'])
    const given = pick(gradient, inputs)
    const perToken = { chunk: 1 }
    const plain = (results: Tensors) =>
      Object.fromEntries(
        gradient.outputs.map((name) => [
          name,
          [results[name].shape, results[name].dataSync().slice()] as const,
        ]),
      )
    const expected = tf.tidy(() => plain(gradient.reference(given, perToken)) as never) as ReturnType<
      typeof plain
    >
    for (const target of await compiledTargets()) {
      await target.use()
      tf.tidy(() => {
        const actual = gradient(given, perToken)
        for (const [name, [shape, values]] of Object.entries(expected))
          expect(
            relativeErrorOf(actual[name], tf.tensor(values, shape)),
            `${name} ${target.name}`,
          ).toBeLessThan(5e-5)
      })
    }
  })

  it('gives the same bits on 1, 2 and 3 threads and again', async ({ skip }) => {
    const target = (await compiledTargets()).find(({ engine }) => engine === 'native')
    if (!target) return skip('the native engine is missing')
    await target.use(1)
    const inputs = makeInputs([5, 100, 24, 48])
    const run = () =>
      tf.tidy(() => {
        const all = { ...op(pick(op, inputs), attributes), ...op.gradient()(inputs, attributes) }
        return Object.values(all).map((tensor) => tensor.dataSync().slice()) as never
      })
    await expectSameBits(run)
  })

  it('refuses shapes and attributes that do not fit', async () => {
    for (const target of await compiledTargets()) {
      await target.use()
      tf.tidy(() => {
        const inputs = pick(op, makeInputs([2, 5, 4, 6]))
        for (const [name, shape] of Object.entries({
          v: [2, 5, 3],
          momentum: [2, 4, 1],
          w1: [2, 4, 7],
          g0: [1, 6, 4],
          momentumSum: [2, 1],
        }))
          expect(() => op({ ...inputs, [name]: tf.zeros(shape) }, attributes)).toThrow(
            `${op.name}: the input `,
          )
        expect(() => op(inputs, { chunk: 0 })).toThrow('it must be a whole number from 1 on')
        expect(() => op({ ...inputs, position: tf.zeros([2]) }, attributes)).toThrow('it must be int32')
      })
    }
  })
})
