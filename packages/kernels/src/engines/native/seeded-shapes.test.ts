import { relativeError, resolveEngine, tf, type FusedOp, type Tensors } from '@ttt-e2e/tensor-ops'
import { makeInputs, randomLike, standardTolerance, type OpCase } from '@ttt-e2e/tensor-ops/op-check'
import { inFloat64 } from '@ttt-e2e/tensor-ops/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { nativeAddon } from './index'
import { between, seededOps, size, type SeededOp } from './seeded-shapes'

const addon = await nativeAddon()
afterAll(() => resolveEngine('cpu'))

type Values = Record<string, Float32Array>
const valuesOf = (tensors: Tensors): Values =>
  Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, x.dataSync().slice() as Float32Array]))

/** What the gradient of ⟨outputs, random cotangents⟩ takes; a clip's norm has no gradient. */
const gradientOf = (op: FusedOp) =>
  op.gradient(
    op.differentiable,
    op.outputs.filter((name) => name !== 'norm'),
  )
const prefixed = (prefix: string, tensors: Tensors): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, x]) => [`${prefix}${name}`, x]))

/**
 * The op and its fused gradients, by the kernels or by the references, on the same inputs and cotangents.
 * @param factor of all inputs that are numbers
 */
function run(
  { op, order }: SeededOp,
  example: OpCase,
  call: (op: FusedOp) => FusedOp['reference'],
  factor = 1,
): Values {
  const results: Values = {}
  tf.tidy(() => {
    let given: Tensors = makeInputs(op, example)
    if (factor !== 1)
      for (const name in given) if (given[name].dtype === 'float32') given[name] = tf.mul(given[name], factor)
    const outputs = call(op)(given, example.attributes)
    Object.assign(results, valuesOf(outputs))
    const inOrder = (of: FusedOp, tensors: Tensors): Tensors =>
      Object.fromEntries(of.outputs.map((name) => [name, tensors[name]]))
    let before = inOrder(op, outputs)
    for (let of = op, i = 0; i < order; i++) {
      of = i === 0 ? gradientOf(of) : of.gradient()
      given = { ...given, ...(i === 0 ? outputs : {}), ...prefixed('d_', randomLike(before, 2 + i)) }
      const inputs = Object.fromEntries(of.inputs.map((name) => [name, given[name]]))
      const gradients = call(of)(inputs, example.attributes)
      Object.assign(results, valuesOf(gradients))
      before = inOrder(of, gradients)
    }
  })
  return results
}

const byKernel = (op: FusedOp): FusedOp['reference'] => op
const byReference = (op: FusedOp): FusedOp['reference'] => op.reference
const exactly = (kind: SeededOp, example: OpCase, factor?: number) =>
  inFloat64(() => run(kind, example, byReference, factor))

/**
 * What rounding to float32 makes of each result, whoever computes it: the largest error of the reference against itself in
 * float64, at an example and at some near it, since one result may be right by luck.
 */
function roundingErrors(kind: SeededOp, example: OpCase): Record<string, number> {
  const largest: Record<string, number> = {}
  for (let i = 0; i < 8; i++) {
    const factor = 1 + i / 1000
    const [rounded, exact] = [run(kind, example, byReference, factor), exactly(kind, example, factor)]
    for (const name in exact)
      largest[name] = Math.max(largest[name] ?? 0, relativeError(rounded[name], exact[name]))
  }
  return largest
}

const named = (shapes: OpCase) => JSON.stringify({ ...shapes.shapes, ...shapes.attributes })

async function onNative<T>(use: () => T): Promise<T> {
  if (typeof addon === 'string') throw new Error(addon)
  await resolveEngine('native', { threads: 2 })
  addon.setPoison(1)
  try {
    return use()
  } finally {
    addon.setPoison(0)
  }
}

describe.skipIf(typeof addon === 'string')('seeded shapes', () => {
  it('are more than 500', () => {
    expect(seededOps.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(500)
  })

  for (const kind of seededOps)
    it(`${kind.op.name}, ${kind.count} times, like the reference`, async () => {
      const sizes = Array.from({ length: kind.count }, () => [between(1, 3), size(20)])
      // No sequences, and no tokens.
      const examples = [...sizes, [0, 5], [2, 0]].map(([batch, length]) => {
        const example = { name: '', ...kind.draw(batch, length) }
        return { ...example, name: named(example) }
      })
      const actual = await onNative(() => examples.map((example) => run(kind, example, byKernel)))
      await resolveEngine('cpu')
      const wrong = examples.flatMap((example, i) => {
        const exact = exactly(kind, example)
        const errors = Object.keys(exact).map((name) => ({
          name,
          error: relativeError(actual[i][name], exact[name]),
          usual: name.startsWith('grad') ? standardTolerance.gradient : standardTolerance.forward,
        }))
        if (errors.every(({ error, usual }) => error < usual)) return []
        const rounding = roundingErrors(kind, example)
        return errors
          .filter(({ name, error, usual }) => !(error < usual + 4 * rounding[name]))
          .map(({ name, error }) => `${example.name} ${name}: ${error}, rounding ${rounding[name]}`)
      })
      expect(wrong).toEqual([])
    })
})
