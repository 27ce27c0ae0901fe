import { resolveEngine, tf, type FusedOp, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { describe, it } from 'vitest'
import {
  adamwOp,
  attentionOp,
  biasedShortConvOp,
  channelDeltaRuleOp,
  clippedSgdOp,
  gatedDeltaRuleOp,
  gradientClipOp,
  linearCrossEntropyOp,
  linearOp,
  rmsNormOp,
  ropeOp,
  shortConvOp,
  ssdScanOp,
  swigluOp,
  tttLinearOp,
  tttMlpOp,
} from '../../ops'
import { tttShapes } from '../../ttt-layer/cases'
import { createDraws, expectClose, onEveryTarget, type Plain, plainOf, plainResults } from './testing'

const { integers, normal } = createDraws(7)

interface Case {
  op: FusedOp
  shapes: Shapes
  attributes?: Record<string, number>
  /** Of all sequences, where they stand at one; 0 where left out. */
  position?: number
  /** Orders of gradients that have a kernel. */
  order: number
}
const attentionShapes = (b: number, tq: number, tk: number, h: number, g: number, d: number) => ({
  q: [b, tq, h, d],
  k: [b, tk, g, d],
  v: [b, tk, g, d],
  offset: [b],
})
const ssdShapes = (b: number, t: number, h: number, g: number, p: number, n: number) => ({
  x: [b, t, h, p],
  dt: [b, t, h],
  A: [h],
  B: [b, t, g, n],
  C: [b, t, g, n],
  D: [h],
  state: [b, h, p, n],
})
const deltaShapes = (b: number, t: number, h: number, hv: number, k: number, v: number) => ({
  q: [b, t, h, k],
  k: [b, t, h, k],
  v: [b, t, hv, v],
  g: [b, t, hv],
  beta: [b, t, hv],
  state: [b, hv, k, v],
})
const channelDeltaShapes = (
  b: number,
  t: number,
  h: number,
  hg: number,
  hv: number,
  k: number,
  v: number,
) => ({
  q: [b, t, h, k],
  k: [b, t, h, k],
  erase: [b, t, hg, k],
  v: [b, t, hv, v],
  g: [b, t, hg, k],
  state: [b, hv, k, v],
})
const any = (op: unknown) => op as FusedOp

const cases: Case[] = [
  { op: any(linearOp), shapes: { x: [3, 11, 17], weight: [17, 37] }, order: 2 },
  { op: any(linearOp), shapes: { x: [3, 11, 300], weight: [3, 300, 20] }, order: 2 },
  { op: any(linearOp), shapes: { x: [0, 64], weight: [64, 512] }, order: 2 },
  { op: any(linearOp), shapes: { x: [60, 0], weight: [0, 512] }, order: 2 },
  { op: any(rmsNormOp), shapes: { x: [131, 33], scale: [33] }, attributes: { epsilon: 1e-3 }, order: 2 },
  { op: any(rmsNormOp), shapes: { x: [2, 3, 4, 7], scale: [7] }, order: 2 },
  {
    op: any(ropeOp),
    shapes: { x: [2, 5, 3, 6], position: [2] },
    attributes: { theta: 1e4 },
    position: 7,
    order: 2,
  },
  { op: any(ropeOp), shapes: { x: [2, 5, 3, 32], position: [2] }, attributes: { theta: 5e5 }, order: 2 },
  { op: any(swigluOp), shapes: { gate: [7, 33], up: [7, 33] }, order: 2 },
  { op: any(attentionOp), shapes: attentionShapes(2, 53, 53, 4, 2, 9), order: 2 },
  {
    op: any(attentionOp),
    shapes: attentionShapes(1, 33, 70, 2, 2, 16),
    attributes: { window: 20 },
    position: 37,
    order: 2,
  },
  {
    op: any(attentionOp),
    shapes: attentionShapes(2, 9, 9, 3, 1, 8),
    attributes: { window: 1 },
    order: 2,
  },
  { op: any(linearCrossEntropyOp), shapes: { hidden: [71, 19], weight: [37, 19], targets: [71] }, order: 2 },
  { op: any(linearCrossEntropyOp), shapes: { hidden: [530, 8], weight: [40, 8], targets: [530] }, order: 2 },
  { op: any(shortConvOp), shapes: { x: [2, 5, 19], weight: [19, 4], state: [2, 19, 3] }, order: 1 },
  { op: any(shortConvOp), shapes: { x: [1, 2, 8], weight: [8, 5], state: [1, 8, 4] }, attributes: { silu: 1 }, order: 1 }, // prettier-ignore
  { op: any(biasedShortConvOp), shapes: { x: [2, 150, 33], weight: [33, 4], state: [2, 33, 3], bias: [33] }, attributes: { silu: 1 }, order: 1 }, // prettier-ignore
  { op: any(ssdScanOp), shapes: ssdShapes(1, 70, 4, 2, 20, 24), order: 1 },
  { op: any(ssdScanOp), shapes: ssdShapes(2, 41, 3, 1, 8, 17), attributes: { chunk: 16 }, order: 1 },
  { op: any(ssdScanOp), shapes: ssdShapes(2, 1, 4, 2, 9, 5), order: 1 },
  { op: any(gatedDeltaRuleOp), shapes: deltaShapes(1, 70, 2, 4, 20, 24), order: 1 },
  { op: any(gatedDeltaRuleOp), shapes: deltaShapes(2, 41, 3, 3, 8, 17), attributes: { chunk: 16 }, order: 1 },
  { op: any(gatedDeltaRuleOp), shapes: deltaShapes(2, 1, 2, 4, 9, 5), order: 1 },
  { op: any(tttLinearOp), shapes: tttShapes({ batch: 1, length: 9, heads: 2, width: 19, miniBatch: 4, layers: [19] }), position: 3, order: 1 }, // prettier-ignore
  { op: any(tttMlpOp), shapes: tttShapes({ batch: 2, length: 5, heads: 1, width: 17, miniBatch: 3, layers: [33, 17] }), position: 1, order: 1 }, // prettier-ignore
  { op: any(clippedSgdOp(2)), shapes: { w0: [2, 3, 4], w1: [2, 70, 500], g0: [2, 3, 4], g1: [2, 70, 500], rate: [] }, attributes: { maxNorm: 1 }, order: 2 }, // prettier-ignore
  { op: any(clippedSgdOp(2)), shapes: { w0: [2, 3, 4], w1: [2, 5], g0: [2, 3, 4], g1: [2, 5], rate: [] }, attributes: { maxNorm: 100 }, order: 2 }, // prettier-ignore
  { op: any(gradientClipOp(2)), shapes: { g0: [5, 7], g1: [70, 300] }, order: 0 },
  { op: any(adamwOp), shapes: { p: [70, 300], g: [70, 300], m: [70, 300], v: [70, 300], factor: [] }, attributes: { step: 3 }, order: 0 }, // prettier-ignore
  { op: any(channelDeltaRuleOp), shapes: channelDeltaShapes(1, 37, 2, 4, 4, 20, 24), order: 1 },
  { op: any(channelDeltaRuleOp), shapes: channelDeltaShapes(2, 21, 2, 2, 4, 8, 17), attributes: { chunk: 9 }, order: 1 }, // prettier-ignore
  { op: any(channelDeltaRuleOp), shapes: channelDeltaShapes(2, 1, 1, 2, 4, 9, 5), order: 1 },
]

/** All of a list, and each one alone. */
const subsets = (names: readonly string[]) => [
  names,
  ...(names.length > 1 ? names.map((name) => [name]) : []),
]

/** An op or a gradient of it, whole or in part, and the one that computes everything of the same cotangents. */
interface Variant {
  op: FusedOp
  whole: FusedOp
}

/** An op, its gradients and theirs, whole and in part. */
function variants({ op, whole }: Variant, order: number): Variant[] {
  if (order === 0) return [{ op, whole }]
  const gradients = subsets(op.differentiable).flatMap((wanted) =>
    subsets(op.outputs).map((cotangents) => ({
      op: op.gradient(wanted, cotangents),
      whole: whole.gradient(op.differentiable, cotangents),
    })),
  )
  return [{ op, whole }, ...gradients.flatMap((gradient) => variants(gradient, order - 1))]
}

function inputOf(op: FusedOp, name: string, shape: number[], classes: number, position: number): Tensor {
  if (name === 'position' || name === 'offset') return tf.fill(shape, position, 'int32')
  if (name === 'targets') return integers(shape, classes)
  // Scans forget, and write to keys of about length 1.
  if (name === 'g') return normal(shape).square().neg()
  if (name === 'beta') return normal(shape).sigmoid()
  if ((name === 'k' && op === any(gatedDeltaRuleOp)) || op === any(channelDeltaRuleOp))
    return normal(shape, ['k', 'erase'].includes(name) ? 1 / Math.sqrt(shape[3]) : 1)
  if (name === 'dt') return normal(shape, 0.3).square()
  if (name === 'A') return normal(shape).square().neg()
  return name.startsWith('v') && shape.length < 3 ? normal(shape).square() : normal(shape)
}

describe('fused kernels agree with their references', () => {
  for (const { op, shapes, attributes, position = 0, order } of cases)
    it(`${op.name} ${JSON.stringify(shapes)} ${JSON.stringify(attributes ?? {})} from ${position} on`, async () => {
      await resolveEngine('cpu')
      const all = variants({ op, whole: op }, order)
      const { given, references } = expectationsOf(all, shapes, attributes, position)
      await onEveryTarget((target) => {
        for (const { op: variant, whole } of all) {
          const inputs = variant.inputs.map((name) => given[name])
          const actual = plainResults(inputs, (...x) =>
            listed(variant, variant(named(variant, x), attributes)),
          )
          const reference = references.get(whole.name)!
          const expected = variant.outputs.map((name) => reference[name])
          expectClose(actual, expected, variant.order === 0 ? 3e-6 : 2e-5, `${variant.name} on ${target}`)
        }
      })
    })
})

type Plains = Record<string, Plain>
const named = ({ inputs }: FusedOp, tensors: readonly Tensor[]) =>
  Object.fromEntries(inputs.map((name, i) => [name, tensors[i]]))
const listed = ({ outputs }: FusedOp, results: Record<string, Tensor>) => outputs.map((name) => results[name])

/** On cpu: values for all inputs by name, and what each `whole` makes of them, once for all that compute a part of it. */
function expectationsOf(
  all: readonly Variant[],
  shapes: Shapes,
  attributes: Record<string, number> | undefined,
  position: number,
): { given: Plains; references: Map<string, Plains> } {
  const [{ op }] = all
  const inputs: Record<string, Tensor> = {}
  for (const name of op.inputs) inputs[name] = inputOf(op, name, shapes[name], shapes.weight?.[0], position)
  const outputs = op.reference(inputs, attributes)
  const given: Plains = {}
  for (const name of all.flatMap((variant) => variant.op.inputs))
    given[name] ??= plainOf(inputs[name] ?? outputs[name] ?? normal(shapeOf(name, inputs, outputs)))
  const references = new Map<string, Plains>()
  for (const { whole } of all) {
    if (references.has(whole.name)) continue
    const results = plainResults(
      whole.inputs.map((name) => given[name]),
      (...x) => listed(whole, whole.reference(named(whole, x), attributes)),
    )
    references.set(whole.name, Object.fromEntries(whole.outputs.map((name, i) => [name, results[i]])))
  }
  return { given, references }
}

/** The shape of a cotangent: d_y has that of the output y, d_grad_x that of the input x. */
function shapeOf(name: string, inputs: Record<string, Tensor>, outputs: Record<string, Tensor>): number[] {
  const of = name.replace(/^d_(grad\d*_)?/, '')
  return (name.startsWith('d_grad') ? inputs[of] : outputs[of]).shape
}
