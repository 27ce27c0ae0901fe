import { resolveEngine, tf, type FusedOp, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { makeInputs, type OpCase } from '@ttt-e2e/tensor-ops/op-check'
import { afterAll, describe, expect, it } from 'vitest'
import { opSuites } from '../../cases'
import { cases as lactCases } from '../../lact/cases'
import {
  lactOp,
  linearCrossEntropyLossesOp,
  shortConvOp,
  titansMemoryOp,
  tttLinearOp,
  tttMlpOp,
} from '../../ops'
import { cases as titansMemoryCases } from '../../titans-memory/cases'
import { cases as tttLinearCases } from '../../ttt-linear/cases'
import { cases as tttMlpCases } from '../../ttt-mlp/cases'
import { compiledTargets } from './testing'

afterAll(() => resolveEngine('cpu'))

const checked: [op: unknown, cases: readonly OpCase[]][] = [
  ...Object.values(opSuites).map(({ op, cases }): [unknown, readonly OpCase[]] => [op, cases]),
  [shortConvOp, opSuites['short-conv'].cases],
  [linearCrossEntropyLossesOp, opSuites['linear-cross-entropy'].cases],
  [lactOp, lactCases],
  [titansMemoryOp, titansMemoryCases],
  [tttLinearOp, tttLinearCases],
  [tttMlpOp, tttMlpCases],
]

/** The op and its gradients that have a kernel, each with a case. */
function withGradients(op: FusedOp, example: OpCase): { op: FusedOp; example: OpCase }[] {
  const found = [{ op, example }]
  for (let of = op; of.differentiable.length > 0;) {
    const { shapes, attributes } = found.at(-1)!.example
    const outputs = of.outputShapes(shapes, attributes)
    const next = { ...shapes, ...outputs }
    for (const name of of.outputs) next[`d_${name}`] = outputs[name]
    of = of.gradient()
    if (tf.getKernel(of.name, tf.getBackend()) == null) break
    found.push({ op: of, example: { ...example, shapes: next } })
  }
  return found
}

/** Shapes with other sizes, and one with fewer: wrong, unless the op takes any. */
const otherShapes = (shape: number[]) => [
  ...shape.flatMap((_, at) => [1, -1].map((step) => shape.map((size, d) => (d === at ? size + step : size)))),
  shape.slice(1),
]
/** Inputs whose only size is free. */
const free = new Set(['factors'])
/** Ops whose inputs are of any shapes. */
const ofAnyShapes = new Set<unknown>([opSuites['gradient-clip'].op])

/** Whether the call throws an error of one line that names the op. */
function refuses(op: FusedOp, inputs: Tensors, attributes: OpCase['attributes']): boolean {
  return tf.tidy(() => {
    let outputs: Tensors
    try {
      outputs = op(inputs, attributes)
    } catch (error) {
      expect((error as Error).message).toMatch(
        new RegExp(`^[^\\n]*${op.name.replace(/[()>]/g, '.')}: [^\\n]+$`),
      )
      return true as never
    }
    // What isn't refused is right: a size that is free.
    const shapes = op.outputShapes(
      Object.fromEntries(op.inputs.map((name) => [name, inputs[name].shape])),
      attributes,
    )
    for (const name of op.outputs) {
      expect(outputs[name].shape).toEqual(shapes[name])
      expect(outputs[name].dataSync().some(Number.isNaN), `${op.name} ${name}`).toBe(false)
    }
    return false as never
  }) as unknown as boolean
}

/** The best of each engine. */
const targets = new Map((await compiledTargets()).map((target) => [target.engine, target]))
for (const target of targets.values())
  describe(`bad arguments on ${target.engine}`, () => {
    for (const [given, [first]] of checked)
      it((given as FusedOp).name, async () => {
        await target.use()
        target.setPoison(1)
        for (const { op, example } of withGradients(given as FusedOp, first)) {
          const inputs = makeInputs(op, example)
          expect(refuses(op, inputs, example.attributes), `${op.name} itself`).toBe(false)
          const { numBytes, numTensors } = tf.memory()
          const refused = (name: string, wrong: Tensor | undefined) => {
            const result = refuses(op, { ...inputs, [name]: wrong as Tensor }, example.attributes)
            wrong?.dispose()
            return result
          }
          for (const name of op.inputs) {
            const { shape, dtype } = inputs[name]
            expect(refused(name, undefined), `${op.name} without ${name}`).toBe(true)
            for (const wrong of ['float32', 'int32', 'bool'] as const)
              if (wrong !== dtype)
                expect(refused(name, tf.zeros(shape, wrong)), `${op.name}, ${name} ${wrong}`).toBe(true)
            if (ofAnyShapes.has(op)) continue
            const refusedShape = (wrong: number[]) => refused(name, tf.ones(wrong, dtype))
            expect(refusedShape([...shape, 1]), `${op.name}, ${name} [${shape}, 1]`).toBe(true)
            const refusals = otherShapes(shape).map(refusedShape)
            if (shape.length > 0 && !free.has(name)) expect(refusals, `${op.name}, ${name}`).toContain(true)
          }
          for (const name of op.family.attributes)
            for (const wrong of [NaN, '1' as never, undefined as never])
              expect(
                refuses(op, inputs, { ...example.attributes, [name]: wrong }),
                `${op.name}, ${name} ${wrong}`,
              ).toBe(true)
          expect(tf.memory()).toMatchObject({ numBytes, numTensors })
          tf.dispose(inputs)
        }
        target.setPoison(0)
      })

    it('attributes that must be whole numbers', async () => {
      await target.use()
      const wrong: Record<string, number[]> = {
        window: [-1, 0.5],
        period: [-1, 0.5],
        chunk: [-1, 0, 0.5, Infinity],
        step: [-1, 0, 0.5],
      }
      const met = new Set<string>()
      for (const [given, [first]] of checked) {
        const op = given as FusedOp
        const inputs = makeInputs(op, first)
        for (const name of op.family.attributes)
          for (const value of wrong[name] ?? []) {
            met.add(name)
            const attributes = { ...first.attributes, [name]: value }
            expect(refuses(op, inputs, attributes), `${op.name}, ${name} ${value}`).toBe(true)
          }
        tf.dispose(inputs)
      }
      expect([...met].sort()).toEqual(Object.keys(wrong).sort())
    })

    it('values that lead out of a tensor, and tensors of too many dimensions', async () => {
      await target.use()
      const before = tf.memory().numBytes
      tf.tidy(() => {
        const hidden = tf.ones([2, 3])
        for (const targets of [tf.tensor1d([0, 5], 'int32'), tf.tensor1d([-1, 0], 'int32')])
          expect(() => linearCrossEntropyLossesOp({ hidden, weight: tf.ones([5, 3]), targets })).toThrow(
            'LinearCrossEntropy: a target lies outside of the vocabulary',
          )
        expect(() => tf.gather(hidden, tf.tensor1d([2], 'int32'))).toThrow('an index lies outside')
        expect(() => tf.unsortedSegmentSum(hidden, tf.tensor1d([0, 1, 1], 'int32'), 2)).toThrow(
          'unsortedSegmentSum: [2,3] takes 2 segment ids, 3 were given',
        )
        expect(() => tf.pad(hidden, [[-1, 0], [0, 0]])).toThrow('two widths from 0 on') // prettier-ignore
        expect(() => tf.transpose(hidden, [0, 0])).toThrow('transpose: [0,0] must name each dimension')
        const many = tf.reshape(hidden, [1, 1, 1, 1, 1, 1, 1, 2, 3])
        const message = 'a compiled kernel takes tensors of at most 8 dimensions'
        expect(() => tf.add(many, 1)).toThrow(message)
        expect(() => tf.sum(many, 8)).toThrow(message)
        expect(() => tf.add(hidden, many)).toThrow(message)
        expect(
          tf.sum(tf.tile(tf.reshape(many, [1, 1, 1, 1, 1, 1, 2, 3]), [2, 1, 2, 1, 2, 1, 2, 2])).dataSync()[0],
        ).toBe(192)
      })
      expect(tf.memory().numBytes).toBe(before)
    })
  })
