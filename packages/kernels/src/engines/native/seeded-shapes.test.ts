import { relativeError, resolveEngine, tf, type FusedOp, type Tensors } from '@ttt-e2e/tensor-ops'
import { makeInputs, randomLike, standardTolerance, type OpCase } from '@ttt-e2e/tensor-ops/op-check'
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

/** The op and its fused gradients, by the kernels or by the references, on the same inputs and cotangents. */
function run({ op, order }: SeededOp, example: OpCase, call: (op: FusedOp) => FusedOp['reference']): Values {
  const results: Values = {}
  tf.tidy(() => {
    let given: Tensors = makeInputs(op, example)
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
      const examples = Array.from({ length: kind.count }, () => {
        const example = { name: '', ...kind.draw(between(1, 3), size(20)) }
        return { ...example, name: named(example) }
      })
      await resolveEngine('cpu')
      const expected = examples.map((example) => run(kind, example, byReference))
      const actual = await onNative(() => examples.map((example) => run(kind, example, byKernel)))
      const wrong = examples.flatMap(({ name }, i) =>
        Object.entries(expected[i]).flatMap(([output, values]) => {
          const limit = output.startsWith('grad') ? standardTolerance.gradient : standardTolerance.forward
          const error = relativeError(actual[i][output], values)
          return error < limit ? [] : [`${name} ${output}: ${error}`]
        }),
      )
      expect(wrong).toEqual([])
    })
})
