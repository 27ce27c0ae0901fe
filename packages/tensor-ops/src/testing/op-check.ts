import { resolveEngine, type Precision } from '../engine/registry'
import type { Attributes, FusedOp, Shapes, Tensors } from '../fused-op/definition'
import { createRandom } from '../random'
import { liveTensors } from '../memory'
import { readTensors } from '../read'
import { tf } from '../tf'
import { vjp } from '../autodiff/vjp'
import { relativeError } from '../compare'

export interface OpCase<A extends Attributes = Attributes> {
  name: string
  shapes: Shapes
  attributes?: Partial<A>
  /** Values of the inputs that aren't standard normal: a scale, or whole numbers below a limit for int32 inputs. */
  scale?: Record<string, number>
  integersBelow?: Record<string, number>
  /** Whole numbers that an int32 input takes in turn, over and over. */
  integers?: Record<string, readonly number[]>
  /** Values that an input takes in turn, over and over, instead of random ones. */
  values?: Record<string, readonly number[]>
}

/** How far from the reference an op may be, as a relative error. */
export interface Tolerance {
  forward: number
  gradient: number
}

export const standardTolerance: Tolerance = { forward: 1e-5, gradient: 5e-5 }

export interface OpCheck {
  /** Tensors left behind. */
  leaked: number
  /** Of each output and derivative. */
  errors: { name: string; error: number; limit: number }[]
}

/**
 * Holds what an engine makes of a case, with derivatives up to `order`, against the reference in f32 on cpu. The engine
 * stays the active one.
 *
 * @throws EngineError if that engine can't run here
 * @throws if the engine gives other outputs than the reference
 */
export async function checkOp<A extends Attributes>(
  op: FusedOp<A>,
  example: OpCase<A>,
  engine: string,
  {
    order,
    precision = 'f32',
    tolerance = standardTolerance,
  }: { order: number; precision?: Precision; tolerance?: Tolerance },
): Promise<OpCheck> {
  const { values: expected, leaked: leakedByReference } = await referenceOf(op, example, order)
  const { flushesSubnormals } = await resolveEngine(engine, { precision })
  const before = liveTensors()
  // On cpu an op without a kernel is its reference, whose derivatives were just computed.
  const isReference = engine === 'cpu' && op.kernelFor(example.shapes, example.attributes) !== true
  const actual = isReference
    ? { ...expected, ...(await derivatives(op, op, example, { order: 0 })) }
    : await derivatives(op, op, example, { order })
  const leaked = liveTensors() - before + (isReference ? leakedByReference : 0)
  const names = Object.keys(actual)
  const lacking = Object.keys(expected).filter((name) => !names.includes(name))
  const unknown = names.filter((name) => !(name in expected))
  if (lacking.length + unknown.length > 0)
    throw new Error(`${op.name} on ${engine} gives ${names}, the reference ${Object.keys(expected)}`)
  const errors = names.map((name) => ({
    name,
    error: errorOf(actual[name], flushesSubnormals ? flushed(expected[name]) : expected[name]),
    limit: name.startsWith('output') ? tolerance.forward : tolerance.gradient,
  }))
  return { leaked, errors }
}

interface Plain {
  shape: number[]
  values: Float32Array
}

interface Expected {
  values: Record<string, Plain>
  /** Tensors left behind. */
  leaked: number
}

/** What was expected of a case before, on other engines or in another precision: by the op and the order. */
const references = new WeakMap<OpCase, Map<string, Promise<Expected>>>()

/** What the reference in f32 on cpu makes of a case, computed once. */
function referenceOf<A extends Attributes>(
  op: FusedOp<A>,
  example: OpCase<A>,
  order: number,
): Promise<Expected> {
  const key = `${op.name} ${order}`
  let known = references.get(example as OpCase)
  if (!known) references.set(example as OpCase, (known = new Map<string, Promise<Expected>>()))
  let expected = known.get(key)
  if (!expected) {
    const compute = async (): Promise<Expected> => {
      await resolveEngine('cpu')
      const before = liveTensors()
      const values = await referenceDerivatives(op, example, order)
      return { values, leaked: liveTensors() - before }
    }
    known.set(key, (expected = compute()))
  }
  return expected
}

const errorOf = (actual: Plain, expected: Plain): number =>
  actual.shape.join() === expected.shape.join() ? relativeError(actual.values, expected.values) : Infinity

/** The smallest float32 with all its digits. */
const smallestNormal = 2 ** -126

const flushed = ({ shape, values }: Plain): Plain => ({
  shape,
  values: values.map((value) => (Math.abs(value) < smallestNormal ? 0 : value)),
})

type Call<A extends Attributes> = (inputs: Tensors, attributes?: Partial<A>) => Tensors

/** Tells what was computed, under its name. */
type Report = (prefix: string, tensors: Tensors) => void

/** Outputs, gradients and gradients of gradients for fixed random cotangents, whole and for each input alone. */
function derivatives<A extends Attributes>(
  op: FusedOp<A>,
  call: Call<A>,
  example: OpCase<A>,
  { order }: { order: number },
): Promise<Record<string, Plain>> {
  return valuesOf((report) => {
    const inputs = makeInputs(op, example)
    report('output', call(inputs, example.attributes))
    if (order === 0 || op.differentiable.length === 0) return
    const variables = variablesOf(inputs, op.differentiable)
    for (const wanted of subsets(op)) {
      const first = gradientsOf(op, call, inputs, example, wanted)
      if (wanted === op.differentiable || order === 1)
        report(`gradient(${wanted})`, first(variablesOf(inputs, wanted)))
      if (order === 1) continue
      const ofFirst = (x: Tensors) => first({ ...inputs, ...x })
      if (wanted === op.differentiable) {
        const second = (x: Tensors) => nextOrder(ofFirst, x, 3).gradients
        if (order === 2) report(`second gradient(${wanted})`, second(variables))
        else {
          const { value, gradients } = nextOrder(second, variables, 5)
          report(`second gradient(${wanted})`, value)
          report('third gradient', gradients)
        }
      } else {
        const { value, gradients } = nextOrder(ofFirst, variables, 3)
        report(`gradient(${wanted})`, value)
        report(`second gradient(${wanted})`, gradients)
      }
    }
  })
}

/**
 * The same of the reference, which has no part of a gradient to itself: those for each input alone are pulled from one
 * tape of all.
 */
function referenceDerivatives<A extends Attributes>(
  op: FusedOp<A>,
  example: OpCase<A>,
  order: number,
): Promise<Record<string, Plain>> {
  return valuesOf((report) => {
    const inputs = makeInputs(op, example)
    report('output', op.reference(inputs, example.attributes))
    if (order === 0 || op.differentiable.length === 0) return
    const first = gradientsOf(op, op.reference, inputs, example, op.differentiable)
    const variables = variablesOf(inputs, op.differentiable)
    const { value, pull, dispose } = vjp((x: Tensors) => ({ value: first(x) }), variables, { pulls: 'many' })
    for (const wanted of subsets(op)) {
      const gradients = variablesOf(value, wanted)
      report(`gradient(${wanted})`, gradients)
      if (order > 1) report(`second gradient(${wanted})`, pull(randomLike(gradients, 3)))
    }
    dispose()
    if (order < 3) return
    const second = (x: Tensors) => nextOrder(first, x, 3).gradients
    report('third gradient', nextOrder(second, variables, 5).gradients)
  })
}

const subsets = ({ differentiable }: { differentiable: readonly string[] }): (readonly string[])[] => [
  differentiable,
  ...(differentiable.length > 1 ? differentiable.map((x) => [x]) : []),
]

/** Reads what is reported back, and frees it. */
async function valuesOf(compute: (report: Report) => void): Promise<Record<string, Plain>> {
  const results: Tensors = {}
  tf.tidy(() =>
    compute((prefix, tensors) => {
      for (const [name, tensor] of Object.entries(tensors))
        results[`${prefix} ${name}`] = tf.keep(tf.clone(tensor))
    }),
  )
  const names = Object.keys(results)
  const values = await readTensors(Object.values(results))
  const plain = names.map((name, i): [string, Plain] => [
    name,
    { shape: results[name].shape, values: values[i].slice() as Float32Array },
  ])
  tf.dispose(results)
  return Object.fromEntries(plain)
}

/** f(x), and the gradient of ⟨f(x), fixed random cotangents⟩. */
function nextOrder(f: (x: Tensors) => Tensors, x: Tensors, seed: number) {
  const { value, pull } = vjp((y: Tensors) => ({ value: f(y) }), x)
  return { value, gradients: pull(randomLike(value, seed)) }
}

export const variablesOf = (inputs: Tensors, names: readonly string[]): Tensors =>
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
export const differentiableOutputs = (op: { outputs: readonly string[] }, outputs: Tensors): Tensors =>
  Object.fromEntries(op.outputs.filter((name) => name !== 'norm').map((name) => [name, outputs[name]]))

export function makeInputs<A extends Attributes>(op: FusedOp<A>, example: OpCase<A>): Tensors {
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
      const integers = example.integers?.[name]
      if (integers)
        return [
          name,
          tf.tensor(
            Int32Array.from({ length: size }, (_, i) => integers[i % integers.length]),
            shape,
            'int32',
          ),
        ]
      const values = example.values?.[name]
      if (values)
        return [
          name,
          tf.tensor(
            Float32Array.from({ length: size }, (_, i) => values[i % values.length]),
            shape,
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

export function randomLike(tensors: Tensors, seed: number): Tensors {
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
