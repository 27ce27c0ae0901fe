import {
  createRandom,
  relativeErrorOf,
  resolveEngine,
  tf,
  type FusedOp,
  type Shapes,
  type Tensor,
  type Tensors,
} from '@ttt-e2e/tensor-ops'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { afterAll, describe, expect, it } from 'vitest'
import '../engines'
import { expectSameBits } from '../engines/compiled/testing'
import { channelDeltaRuleOp } from '../channel-delta-rule'
import { gatedDeltaRuleOp } from '../gated-delta-rule'
import { mamba3ScanOp } from '../mamba3-scan'
import { mesaOp } from '../mesa'
import { ssdScanOp } from '../ssd-scan'

afterAll(() => resolveEngine('cpu'))

const random = createRandom(5)
const normal = (shape: number[], scale = 1): Tensor =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => scale * random.normal()),
    shape,
  )

const ssdInputs = (length: number): Tensors => ({
  x: normal([2, length, 4, 3]),
  dt: tf.square(normal([2, length, 4])),
  A: tf.neg(tf.square(normal([4]))),
  B: normal([2, length, 2, 5]),
  C: normal([2, length, 2, 5]),
  D: normal([4]),
  state: normal([2, 4, 3, 5]),
})
const deltaInputs = (length: number): Tensors => ({
  q: normal([2, length, 2, 4]),
  k: normal([2, length, 2, 4], 0.4),
  v: normal([2, length, 4, 3]),
  g: tf.neg(tf.square(normal([2, length, 4]))),
  beta: tf.sigmoid(normal([2, length, 4])),
  state: normal([2, 4, 4, 3]),
})
const channelDeltaInputs = (length: number): Tensors => ({
  q: normal([2, length, 1, 4]),
  k: normal([2, length, 1, 4], 0.4),
  erase: normal([2, length, 2, 4], 0.3),
  v: normal([2, length, 4, 3]),
  g: tf.neg(tf.square(normal([2, length, 2, 4]))),
  state: normal([2, 4, 4, 3]),
})
const mamba3Inputs = (length: number): Tensors => ({
  q: normal([2, length, 2, 3, 5]),
  k: normal([2, length, 2, 3, 5]),
  v: normal([2, length, 2, 3, 4]),
  g: tf.neg(tf.square(normal([2, length, 3]))),
  write: tf.sigmoid(normal([2, length, 3])),
  own: tf.sigmoid(normal([2, length, 3])),
  D: normal([3]),
  state: normal([2, 3, 4, 5]),
  keyBefore: normal([2, 2, 3, 5]),
  valueBefore: normal([2, 2, 3, 4]),
  writeBefore: normal([2, 3]),
})
const mesaInputs = (length: number): Tensors => ({
  q: normal([2, length, 2, 4], 0.5),
  k: normal([2, length, 2, 4], 0.5),
  v: normal([2, length, 2, 3]),
  g: tf.neg(tf.square(normal([2, length, 2], 0.3))),
  beta: tf.sigmoid(normal([2, length, 2])),
  lambda: tf.add(tf.square(normal([2, 4])), 0.25),
  keys: tf.mul(tf.eye(4, 4, [2, 2]), 0.5),
  values: normal([2, 2, 4, 3]),
})
const oneMore = (shape: number[], axis: number) => shape.map((size, i) => (i === axis ? size + 1 : size))
const shapesOf = (inputs: Tensors): Shapes =>
  Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]))

describe.each([
  { op: ssdScanOp as unknown as FusedOp, inputsOf: ssdInputs },
  { op: gatedDeltaRuleOp as unknown as FusedOp, inputsOf: deltaInputs },
  { op: channelDeltaRuleOp as unknown as FusedOp, inputsOf: channelDeltaInputs },
  { op: mamba3ScanOp as unknown as FusedOp, inputsOf: mamba3Inputs },
  { op: mesaOp as unknown as FusedOp, inputsOf: mesaInputs },
])('$op.name', ({ op, inputsOf }) => {
  it('gives the same with any chunk, one token at a time too', async () => {
    await resolveEngine('cpu')
    tf.tidy(() => {
      const inputs = inputsOf(21)
      const expected = op.reference(inputs, { chunk: 1 })
      for (const chunk of [2, 8, 21, 64]) {
        const actual = op.reference(inputs, { chunk })
        for (const name of op.outputs)
          expect(relativeErrorOf(actual[name], expected[name]), `${name}, ${chunk}`).toBeLessThan(1e-6)
      }
    })
  })

  describe('on native', () => {
    useEngine('native', { threads: 1 })

    it('gives the same bits on 1, 2 and 3 threads and again', async () => {
      const inputs = inputsOf(600)
      const gradient = op.gradient()
      for (const output of op.outputs)
        inputs[`d_${output}`] = normal(op.outputShapes(shapesOf(inputs))[output])
      const run = () =>
        [op, gradient].flatMap((each) => {
          const given = Object.fromEntries(each.inputs.map((name) => [name, inputs[name]]))
          const outputs = each(given)
          const values = each.outputs.map((name) => outputs[name].dataSync())
          tf.dispose(outputs)
          return values
        })
      await expectSameBits(run)
      tf.dispose(inputs)
    })

    it('refuses shapes that do not fit', () => {
      tf.tidy(() => {
        const inputs = inputsOf(3)
        for (const [name, { shape }] of Object.entries(inputs))
          for (let axis = 0; axis < shape.length; axis++)
            expect(
              () => op({ ...inputs, [name]: tf.ones(oneMore(shape, axis)) }),
              `${name}, axis ${axis}`,
            ).toThrow(`${op.name}: `)
      })
    })
  })
})
