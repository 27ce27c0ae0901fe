import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EngineError, resolveEngine, type Precision } from '../engine/registry'
import type { Attributes, FusedOp, Shapes, Tensors } from '../fused-op'
import { createRandom } from '../random'
import { tf, type Tensor } from '../tf'
import { vjp } from '../autodiff/vjp'
import { relativeErrorOf } from '../compare'
import { derivative } from './finite-differences'
import { inFloat64 } from './float64'
import { leakedTensors } from './leaks'

export interface OpCase<A extends Attributes = Attributes> {
  name: string
  shapes: Shapes
  attributes?: Partial<A>
  /** Values of the inputs that aren't standard normal: a scale, or whole numbers below a limit for int32 inputs. */
  scale?: Record<string, number>
  integersBelow?: Record<string, number>
}

export interface OpSuiteOptions {
  /** Engines to hold against the reference; one that can't run here is skipped with its reason. */
  engines?: readonly string[]
  /** What these engines compute in; the reference stays f32. */
  precision?: Precision
  /** Highest order of derivative to check. */
  order?: 0 | 1 | 2 | 3
  tolerance?: { forward: number; gradient: number }
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
    engines = precision === 'f32' ? ['cpu', 'native', 'wasm'] : ['native'],
    order = 3,
    tolerance = { forward: 1e-5, gradient: 5e-5 },
  }: OpSuiteOptions = {},
): void {
  describe(precision === 'f32' ? op.name : `${op.name} in ${precision}`, () => {
    for (const example of order > 0 && precision === 'f32' ? cases : []) {
      it(`${example.name}: the reference's derivatives agree with finite differences`, async () => {
        await resolveEngine('cpu')
        inFloat64(() => tf.tidy(() => checkFiniteDifferences(op, example, order)))
      })
    }
    for (const engine of engines) {
      describe(`on ${engine}`, () => {
        let refused: string | undefined
        beforeAll(async () => {
          await resolveEngine(engine, { precision }).catch((error: EngineError) => (refused = error.message))
        })
        afterAll(() => resolveEngine('cpu'))
        for (const example of cases) {
          it(example.name, async ({ skip }) => {
            if (refused) skip(refused)
            const expected = await onEngine('cpu', 'f32', () => derivatives(op, op.reference, example, order))
            const { result: actual, leaked } = await onEngine(engine, precision, () => {
              let result: Record<string, Plain> = {}
              const leaked = leakedTensors(() => (result = derivatives(op, op, example, order)))
              return { result, leaked }
            })
            expect(leaked).toBe(0)
            expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort())
            for (const [name, plain] of Object.entries(expected)) {
              const limit = name.startsWith('output') ? tolerance.forward : tolerance.gradient
              const error = tf.tidy(() => relativeErrorOf(tensorOf(actual[name]), tensorOf(plain)))
              expect(error, `${name}: relative error`).toBeLessThan(limit)
            }
          })
        }
      })
    }
  })
}

interface Plain {
  shape: number[]
  values: Float32Array
}
const plainOf = (tensor: Tensor): Plain => ({
  shape: tensor.shape,
  values: tensor.dataSync().slice() as Float32Array,
})
const tensorOf = ({ shape, values }: Plain) => tf.tensor(values, shape, 'float32')

async function onEngine<T>(name: string, precision: Precision, run: () => T): Promise<T> {
  await resolveEngine(name, { precision })
  return run()
}

type Call<A extends Attributes> = (inputs: Tensors, attributes?: Partial<A>) => Tensors

/** Outputs, gradients and gradients of gradients for fixed random cotangents, whole and for each input alone. */
function derivatives<A extends Attributes>(
  op: FusedOp<A>,
  call: Call<A>,
  example: OpCase<A>,
  order: number,
): Record<string, Plain> {
  const results: Record<string, Plain> = {}
  tf.tidy(() => {
    const inputs = makeInputs(op, example)
    const record = (prefix: string, tensors: Tensors) => {
      for (const [name, tensor] of Object.entries(tensors)) results[`${prefix} ${name}`] = plainOf(tensor)
    }
    record('output', call(inputs, example.attributes))
    if (order === 0 || op.differentiable.length === 0) return
    const subsets = [
      op.differentiable,
      ...(op.differentiable.length > 1 ? op.differentiable.map((x) => [x]) : []),
    ]
    for (const wanted of subsets) {
      const first = gradientsOf(op, call, inputs, example, wanted)
      record(`gradient(${wanted})`, first(variablesOf(inputs, wanted)))
      if (order === 1) continue
      const second = nextOrder((x) => first({ ...inputs, ...x }), 3)
      record(`second gradient(${wanted})`, second(variablesOf(inputs, op.differentiable)))
      if (order === 2 || wanted !== op.differentiable) continue
      record('third gradient', nextOrder(second, 5)(variablesOf(inputs, op.differentiable)))
    }
  })
  return results
}

/** The gradient of ⟨f(x), fixed random cotangents⟩ as a function of x. */
const nextOrder =
  (f: (x: Tensors) => Tensors, seed: number) =>
  (x: Tensors): Tensors => {
    const { value, pull } = vjp((y: Tensors) => ({ value: f(y) }), x)
    return pull(randomLike(value, seed))
  }

const variablesOf = (inputs: Tensors, names: readonly string[]): Tensors =>
  Object.fromEntries(names.map((name) => [name, inputs[name]]))

function gradientsOf<A extends Attributes>(
  op: FusedOp<A>,
  call: Call<A>,
  inputs: Tensors,
  example: OpCase<A>,
  wanted: readonly string[],
) {
  return (variables: Tensors): Tensors => {
    const all = { ...inputs, ...variables }
    const { value, pull } = vjp(
      (x: Tensors) => ({ value: differentiableOutputs(op, call({ ...all, ...x }, example.attributes)) }),
      variablesOf(all, wanted),
    )
    return pull(randomLike(value, 2))
  }
}

/** A clip's norm is a report, not a variable: its slope at 0 is infinite. */
const differentiableOutputs = (op: { outputs: readonly string[] }, outputs: Tensors): Tensors =>
  Object.fromEntries(op.outputs.filter((name) => name !== 'norm').map((name) => [name, outputs[name]]))

function makeInputs<A extends Attributes>(op: FusedOp<A>, example: OpCase<A>): Tensors {
  const random = createRandom(1)
  return Object.fromEntries(
    op.inputs.map((name) => {
      const shape = example.shapes[name]
      const size = tf.util.sizeFromShape(shape)
      const limit = example.integersBelow?.[name]
      if (limit !== undefined)
        return [
          name,
          tf.tensor(
            Int32Array.from({ length: size }, () => random.integer(limit)),
            shape,
            'int32',
          ),
        ]
      const scale = example.scale?.[name] ?? 1
      return [
        name,
        tf.tensor(
          Float32Array.from({ length: size }, () => Math.fround(scale * random.normal())),
          shape,
        ),
      ]
    }),
  )
}

function randomLike(tensors: Tensors, seed: number): Tensors {
  const random = createRandom(seed)
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, size }]) => [
      name,
      tf.tensor(
        Float32Array.from({ length: size }, () => Math.fround(random.normal())),
        shape,
        'float32',
      ),
    ]),
  )
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
