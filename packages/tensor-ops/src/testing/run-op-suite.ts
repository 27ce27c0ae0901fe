import { describe, expect, it } from 'vitest'
import { engineNames, resolveEngine, type Precision } from '../engine/registry'
import type { Attributes, FusedOp, Tensors } from '../fused-op/definition'
import { tf } from '../tf'
import { vjp } from '../autodiff/vjp'
import { derivative } from './finite-differences'
import { inFloat64 } from './float64'
import {
  checkOp,
  differentiableOutputs,
  makeInputs,
  randomLike,
  standardTolerance,
  variablesOf,
  type OpCase,
  type Tolerance,
} from './op-check'
import { useEngine } from './use-engine'

export interface OpSuiteOptions {
  /**
   * Engines to hold against the reference. Where left out, those of `OP_SUITE_ENGINES` (names with commas between), else
   * all registered ones but webgpu, as an adapter of software takes minutes and its own tests have small cases, and
   * tensorflow, which has a script. One that can't run here is skipped.
   */
  engines?: readonly string[]
  /** What these engines compute in; the reference stays f32. */
  precision?: Precision
  /** Highest order of derivative to check. */
  order?: 0 | 1 | 2 | 3
  tolerance?: Tolerance
}

/**
 * The same tests for every fused op, on every engine: forward and derivatives to the third order against the
 * reference on cpu; the reference itself against finite differences in float64; each gradient variant that computes
 * a part; no tensor left behind.
 */
export function runOpSuite<A extends Attributes>(
  op: FusedOp<A>,
  cases: readonly OpCase<A>[],
  {
    precision = 'f32',
    engines = defaultEngines(precision),
    order = 3,
    tolerance = standardTolerance,
  }: OpSuiteOptions = {},
): void {
  // None of those that were named computes in it.
  if (engines.length === 0 && precision !== 'f32') return
  describe(precision === 'f32' ? op.name : `${op.name} in ${precision}`, () => {
    for (const example of order > 0 && precision === 'f32' ? cases : []) {
      it(`${example.name}: the reference's derivatives agree with finite differences`, async () => {
        await resolveEngine('cpu')
        inFloat64(() => tf.tidy(() => checkFiniteDifferences(op, example, order)))
      })
    }
    for (const engine of engines) {
      describe(`on ${engine}`, () => {
        useEngine(engine, { precision })
        for (const example of cases) {
          it(example.name, async () => {
            const options = { order, precision, tolerance }
            const { leaked, errors } = await checkOp(op, example, engine, options)
            expect(leaked).toBe(0)
            for (const { name, error, limit } of errors)
              expect(error, `${name}: relative error`).toBeLessThan(limit)
          })
        }
      })
    }
  })
}

function defaultEngines(precision: Precision): string[] {
  const able = engineNames(precision)
  const named = process.env.OP_SUITE_ENGINES?.split(',')
  return named
    ? able.filter((name) => named.includes(name))
    : able.filter((name) => !name.startsWith('webgpu') && name !== 'tensorflow')
}

function checkFiniteDifferences<A extends Attributes>(
  op: FusedOp<A>,
  example: OpCase<A>,
  order: number,
): void {
  if (op.differentiable.length === 0) return
  const inputs = makeInputs(op, example)
  const variables = variablesOf(inputs, op.differentiable)
  const direction = randomLike(variables, 4)
  for (const name of op.differentiable) direction[name] = tf.mul(direction[name], example.scale?.[name] || 1)
  const moved = (step: number): Tensors =>
    Object.fromEntries(
      op.differentiable.map((name) => [name, tf.add(inputs[name], tf.mul(direction[name], step))]),
    )
  const weigh = (tensors: Tensors, seed: number) => {
    const weights = randomLike(tensors, seed)
    const names = Object.keys(tensors)
    return names.map((name) => tf.sum(tf.mul(tensors[name], weights[name]))).reduce((a, b) => tf.add(a, b))
  }
  const loss = (x: Tensors) =>
    weigh(differentiableOutputs(op, op.reference({ ...inputs, ...x }, example.attributes)), 2)
  const gradientLoss = (x: Tensors) => {
    const gradients = vjp((y: Tensors) => ({ value: loss(y) }), x).pull(tf.scalar(1))
    return weigh(gradients, 3)
  }
  for (const f of order > 1 ? [loss, gradientLoss] : [loss]) {
    const gradient = vjp((x: Tensors) => ({ value: f(x) }), variables).pull(tf.scalar(1))
    const along = op.differentiable.reduce(
      (sum, name) => sum + tf.sum(tf.mul(gradient[name], direction[name])).dataSync()[0],
      0,
    )
    const expected = derivative((step) => tf.tidy(() => f(moved(step)).dataSync()[0]))
    expect(Math.abs(along - expected)).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected)))
    // A linear op's gradient doesn't move with its input; its loss does.
    if (f === loss)
      expect(Math.abs(expected), 'a derivative of zero would show nothing').toBeGreaterThan(1e-9)
  }
}
