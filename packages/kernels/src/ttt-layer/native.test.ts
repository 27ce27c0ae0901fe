import {
  createRandom,
  resolveEngine,
  relativeErrorOf,
  tf,
  type FusedOp,
  type Tensors,
} from '@ttt-e2e/tensor-ops'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { describe, expect, it } from 'vitest'
import '../engines/native'
import { expectSameBits } from '../engines/compiled/testing'
import { tttLinearOp } from '../ttt-linear'
import { tttMlpOp } from '../ttt-mlp'
import { tttShapes, type TttSizes } from './cases'

useEngine('native', { threads: 2 })

const random = createRandom(5)
const normal = (shape: number[], scale: number) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => scale * random.normal()),
    shape,
  )
const scales: Record<string, number> = { rates: 0.02, factors: 0.3, w1: 0.2, w2: 0.1 }

/** The op's inputs and a cotangent for each output. */
function makeInputs(op: FusedOp, sizes: TttSizes, position = 0): Tensors {
  const shapes = tttShapes(sizes)
  const outputs = op.outputShapes(shapes)
  return Object.fromEntries([
    ...op.differentiable.map((name) => [name, normal(shapes[name], scales[name] ?? 1)]),
    ['position', tf.fill([sizes.batch], position, 'int32')],
    ...op.outputs.map((name) => [`d_${name}`, normal(outputs[name], 1)]),
  ])
}
const ofOp = (op: FusedOp, inputs: Tensors) =>
  Object.fromEntries(op.inputs.map((name) => [name, inputs[name]]))

it('computes starts of mini-batches again where they are too many to be kept', () => {
  tf.tidy(() => {
    const inputs = makeInputs(tttMlpOp, {
      batch: 1,
      length: 140,
      heads: 1,
      width: 64,
      miniBatch: 1,
      layers: [256, 64],
    })
    const gradient = tttMlpOp.gradient()
    const actual = gradient(inputs)
    for (const [name, expected] of Object.entries(gradient.reference(inputs)))
      expect(relativeErrorOf(actual[name], expected), name).toBeLessThan(5e-5)
  })
})

describe.each([
  { op: tttLinearOp, layers: [16] },
  { op: tttMlpOp, layers: [64, 16] },
])('$op.name on the native engine', ({ op, layers }) => {
  const sizes = { batch: 2, heads: 2, width: 16, layers }

  it('gives the same bits on 1, 2 and 3 threads and again', async () => {
    await resolveEngine('native', { threads: 1 })
    const inputs = makeInputs(op, { ...sizes, length: 90, miniBatch: 16 }, 9)
    const run = () =>
      tf.tidy(() => {
        const outputs = { ...op(ofOp(op, inputs)), ...op.gradient()(inputs) }
        return Object.values(outputs).map((tensor) => tensor.dataSync()) as never
      })
    await expectSameBits(run)
    tf.dispose(inputs)
  })

  it('refuses shapes that do not fit', () => {
    tf.tidy(() => {
      const inputs = ofOp(op, makeInputs(op, { ...sizes, length: 3, miniBatch: 4 }))
      for (const [name, shape] of Object.entries({
        k: [2, 3, 1, 16],
        rates: [2, 2, 2],
        normShift: [16],
        w1: [2, 2, 15, layers[0]],
        b1Sum: [1, 2, layers[0]],
      }))
        expect(() => op({ ...inputs, [name]: tf.zeros(shape) })).toThrow(`${op.name}: the input `)
      expect(() => op({ ...inputs, factors: tf.zeros([0]) })).toThrow('it must be [at least 1]')
    })
  })
})
