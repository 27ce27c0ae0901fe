import { registerDirectGradient } from './autodiff/direct-gradients'
import { vjp } from './autodiff/vjp'
import { tf, type Tensor } from './tf'

export type Attributes = Readonly<Record<string, number>>
export type Tensors = Record<string, Tensor>
export type Shapes = Record<string, number[]>
/** Shapes that inputs must have; a text stands for a size that isn't allowed, and says what is. */
export type WantedShapes = Record<string, readonly (number | string | undefined)[]>

/** For `inputShapes`: a size that must be a multiple of another. */
export const multipleOf = (size: number, of: number): number | string =>
  size % of === 0 ? size : `a multiple of ${of}`
/** For `inputShapes`: a size that must not be below another. */
export const atLeast = (least: number, size: number): number | string =>
  size >= least ? size : `at least ${least}`

export interface FusedOpDefinition<A extends Attributes> {
  name: string
  /** The name that engines know the kernel by, where ops of one kind differ only in how many tensors they take. */
  kernel?: string
  inputs: readonly string[]
  /** The float inputs that a gradient reaches; all of them where left out. */
  differentiable?: readonly string[]
  outputs: readonly string[]
  /** The attributes in the order in which kernels get them, with the values they have when left out. */
  attributes?: A
  outputShapes(inputs: Shapes, attributes: A): Shapes
  /**
   * The shapes that the inputs must have beside each other, told from those given, which may be wrong: the op throws
   * where they differ. Any shapes where left out.
   */
  inputShapes?(given: Shapes, attributes: A): WantedShapes
  /** Inputs that are int32; all others are float32. */
  integers?: readonly string[]
  /** Attributes that are whole numbers, with the least that each may be; all others are numbers. */
  wholeNumbers?: Partial<Record<keyof A, number>>
  /** The truth, in tfjs ops that are right to any order: what every engine without a kernel runs. */
  reference(inputs: Tensors, attributes: A): Tensors
  /**
   * Outputs that the gradient's kernel may use instead of computing them again. They are values, not variables: the
   * gradient's own derivative runs through the inputs, which determine them.
   */
  memo?: readonly string[]
  /**
   * Those of the wanted gradients that need no kernel: they are a cotangent itself, or follow from the memos by a few
   * tensor operations and are differentiable through them. Undefined stands for zeros.
   *
   * @param cotangents of the outputs that have one, by the outputs' names
   */
  simpleGradients?(cotangents: Tensors, memos: Tensors): Record<string, Tensor | undefined>
  /** Whether the kernels of this op and of its gradients can take these inputs; a string is the reason why not. */
  supports?(inputs: Shapes, attributes: A): true | string
}

/**
 * What an engine implements. One kernel serves every variant of a gradient: of `inputs` and `outputs` a variant has
 * those that are present and wanted.
 */
export interface KernelFamily {
  name: string
  inputs: readonly string[]
  outputs: readonly string[]
  differentiable: readonly string[]
  attributes: readonly string[]
}

export interface FusedOp<A extends Attributes = Attributes> {
  /**
   * Runs the engine's kernel where it has one that supports these inputs, else the reference.
   *
   * @throws if an input is missing or its type, its shape or an attribute is none that the definition allows
   */
  (inputs: Tensors, attributes?: Partial<A>): Tensors
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly differentiable: readonly string[]
  readonly family: KernelFamily
  /** 0 for an op by definition, 1 for a gradient, 2 for a gradient's gradient, … */
  readonly order: number
  reference(inputs: Tensors, attributes?: Partial<A>): Tensors
  outputShapes(inputs: Shapes, attributes?: Partial<A>): Shapes
  /** Why the active engine would run the reference for these inputs, or true where it has a kernel for them. */
  kernelFor(inputs: Shapes, attributes?: Partial<A>): true | string
  /**
   * The fused op that computes this one's gradient. Its inputs are this op's inputs, then `d_y` for each output y in
   * `cotangents`, then the memos; its outputs are `grad_x` for each input x in `wanted` (`grad2_x` at the next
   * order, …). Both default to all. Its kernel family is this family's name + `Grad`.
   */
  gradient(wanted?: readonly string[], cotangents?: readonly string[]): FusedOp<A>
}

type Listener = (op: FusedOp) => void
const fusedOps = new Map<string, FusedOp>()
const listeners: Listener[] = []

/** The fused ops by definition, their gradients left out. */
export function definedFusedOps(): FusedOp[] {
  return [...fusedOps.values()].filter((op) => op.order === 0)
}

/** Calls `listener` for every fused op and gradient variant, those made later too: how engines offer their kernels. */
export function onFusedOp(listener: Listener): void {
  listeners.push(listener)
  for (const op of fusedOps.values()) listener(op)
}

/**
 * Defines an op that an engine may run as one kernel. Gradients of any order exist by construction: the gradient is
 * itself a fused op whose reference is the vjp of this reference, so each order can be fused where it pays and is
 * composed of tfjs ops where it isn't.
 *
 * @throws if an op of that name exists
 */
export function defineFusedOp<A extends Attributes = Record<never, never>>(
  definition: FusedOpDefinition<A>,
): FusedOp<A> {
  if (fusedOps.has(definition.name)) throw new Error(`a fused op '${definition.name}' is already defined`)
  const { name, inputs, outputs, differentiable = inputs } = definition
  const attributes = Object.keys(definition.attributes ?? {})
  return makeFusedOp(
    definition,
    { name: definition.kernel ?? name, inputs, outputs, differentiable, attributes },
    0,
  )
}

function makeFusedOp<A extends Attributes>(
  definition: FusedOpDefinition<A>,
  family: KernelFamily,
  order: number,
): FusedOp<A> {
  const { name, inputs: inputNames, outputs: outputNames } = definition
  const differentiable = definition.differentiable ?? inputNames
  const memo = definition.memo ?? []
  const complete = (attributes?: Partial<A>) => ({ ...definition.attributes, ...attributes }) as A
  const gradients = new Map<string, FusedOp<A>>()

  const op = (inputs: Tensors, attributes?: Partial<A>): Tensors => {
    const all = complete(attributes)
    checkArguments(definition, inputs, all)
    const hasKernel = tf.getKernel(name, tf.getBackend()) != null
    if (!hasKernel || (definition.supports && definition.supports(shapesOf(inputs), all) !== true))
      return op.reference(inputs, all)
    const ordered: Tensors = {}
    for (const input of inputNames) ordered[input] = inputs[input]
    const result = tf.engine().runKernel(name, ordered as never, all as never) as Tensor | Tensor[]
    const results = Array.isArray(result) ? result : [result]
    return Object.fromEntries(outputNames.map((output, i) => [output, results[i]]))
  }
  op.reference = (inputs: Tensors, attributes?: Partial<A>) =>
    tf.tidy(() => definition.reference(inputs, complete(attributes)))
  op.outputShapes = (shapes: Shapes, attributes?: Partial<A>) =>
    definition.outputShapes(shapes, complete(attributes))
  op.kernelFor = (shapes: Shapes, attributes?: Partial<A>): true | string => {
    if (tf.getKernel(name, tf.getBackend()) == null)
      return `the engine '${tf.getBackend()}' has no kernel '${name}'`
    return definition.supports?.(shapes, complete(attributes)) ?? true
  }
  op.gradient = (wanted: readonly string[] = differentiable, cotangents: readonly string[] = outputNames) => {
    const key = `${wanted}|${cotangents}`
    let gradient = gradients.get(key)
    if (!gradient) {
      const familyOfGradient = gradientFamily(family, definition.memo ?? [], order)
      const definitionOfGradient = gradientDefinition(definition, wanted, cotangents, order)
      gradient = makeFusedOp(definitionOfGradient, familyOfGradient, order + 1)
      gradients.set(key, gradient)
    }
    return gradient
  }

  const pullAll = (
    cotangents: (Tensor | undefined)[],
    saved: Tensor[],
    attributes: A,
    wanted: readonly string[],
  ) => {
    const inputs: Tensors = {}
    const memos: Tensors = {}
    const given: Tensors = {}
    inputNames.forEach((input, i) => (inputs[input] = saved[i]))
    memo.forEach((output, i) => (inputs[output] = memos[output] = saved[inputNames.length + i]))
    const present = outputNames.filter((_, i) => cotangents[i] !== undefined)
    outputNames.forEach((output, i) => {
      if (cotangents[i]) inputs[`d_${output}`] = given[output] = cotangents[i]
    })
    const simple = definition.simpleGradients?.(given, memos) ?? {}
    const rest = wanted.filter((input) => !Object.hasOwn(simple, input))
    if (rest.length === 0) return (input: string): Tensor | undefined => simple[input]
    const results = op.gradient(rest, present)(inputs, attributes)
    return (input: string) =>
      Object.hasOwn(simple, input) ? simple[input] : results[gradientName(order, input)]
  }
  registerDirectGradient(name, (cotangents, saved, attributes, wanted) => {
    const reached = differentiable.filter((input) => wanted.includes(input))
    if (reached.length === 0) return {}
    const gradientOf = pullAll(cotangents, saved, attributes as A, reached)
    return Object.fromEntries(reached.map((input) => [input, gradientOf(input)]))
  })
  // The same for tfjs's own tf.grad, which asks for each input's gradient in turn.
  tf.registerGradient({
    kernelName: name,
    inputsToSave: [...inputNames],
    outputsToSave: outputNames.map((output) => memo.includes(output)),
    gradFunc: (dy: Tensor | Tensor[], saved: Tensor[], attributes) => {
      let gradientOf: ((input: string) => Tensor | undefined) | undefined
      const pull = (input: string) =>
        (gradientOf ??= pullAll(
          Array.isArray(dy) ? dy : [dy],
          saved,
          attributes as unknown as A,
          differentiable,
        ))(input)
      return Object.fromEntries(
        inputNames.map((input, i) => [
          input,
          () => {
            const gradient = differentiable.includes(input) ? pull(input) : undefined
            // tfjs frees gradients that it adds up, so none may be a cotangent itself.
            return gradient ? tf.clone(gradient) : tf.zeros(saved[i].shape, 'float32')
          },
        ]),
      )
    },
  })

  Object.defineProperty(op, 'name', { value: name })
  const made = Object.assign(op, {
    inputs: inputNames,
    outputs: outputNames,
    differentiable,
    family,
    order,
  }) as unknown as FusedOp<A>
  fusedOps.set(name, made as unknown as FusedOp)
  for (const listener of listeners) listener(made as unknown as FusedOp)
  return made
}

/** Throws where the definition doesn't allow these arguments: kernels rely on what it says. */
function checkArguments<A extends Attributes>(
  { name: op, inputs: names, inputShapes, integers, wholeNumbers }: FusedOpDefinition<A>,
  inputs: Tensors,
  attributes: A,
): void {
  const shapes: Shapes = {}
  for (const name of names) {
    const input = inputs[name] as Tensor | undefined
    if (input === undefined) throw new Error(`${op}: the input ${name} is missing`)
    const dtype = integers?.includes(name) ? 'int32' : 'float32'
    if (input.dtype !== dtype)
      throw new Error(`${op}: the input ${name} is of type ${input.dtype}, it must be ${dtype}`)
    shapes[name] = input.shape
  }
  for (const name in attributes) {
    const value = attributes[name]
    const least = wholeNumbers?.[name]
    const allowed = least === undefined ? !Number.isNaN(value) : Number.isSafeInteger(value) && value >= least
    if (typeof value !== 'number' || !allowed)
      throw new Error(
        `${op}: the attribute ${name} is ${value}, it must be ` +
          (least === undefined ? 'a number' : `a whole number from ${least} on`),
      )
  }
  const wanted = inputShapes?.(shapes, attributes)
  if (wanted === undefined) return
  for (const name of names) {
    const [shape, want] = [shapes[name], wanted[name]]
    if (shape.length === want.length && shape.every((size, d) => size === want[d])) continue
    const text = want.map((size) => size ?? '?').join(', ')
    throw new Error(
      `${op}: the input ${name} has the shape [${shape.join(', ')}], beside the others it must be [${text}]`,
    )
  }
}

const gradientName = (order: number, input: string) => `grad${order === 0 ? '' : order + 1}_${input}`

function gradientFamily(family: KernelFamily, memo: readonly string[], order: number): KernelFamily {
  const cotangents = family.outputs.map((output) => `d_${output}`)
  return {
    name: `${family.name}Grad`,
    inputs: [...family.inputs, ...cotangents, ...memo],
    outputs: family.differentiable.map((input) => gradientName(order, input)),
    differentiable: [...family.differentiable, ...cotangents],
    attributes: family.attributes,
  }
}

function gradientDefinition<A extends Attributes>(
  of: FusedOpDefinition<A>,
  wanted: readonly string[],
  cotangents: readonly string[],
  order: number,
): FusedOpDefinition<A> {
  const differentiable = of.differentiable ?? of.inputs
  const cotangentInputs = cotangents.map((output) => `d_${output}`)
  const gradientOf = (input: string) => gradientName(order, input)
  const complete = wanted.length === differentiable.length && cotangents.length === of.outputs.length
  return {
    name: `${of.name}Grad${complete ? '' : `(${cotangentInputs})->(${wanted.map(gradientOf)})`}`,
    inputs: [...of.inputs, ...cotangentInputs, ...(of.memo ?? [])],
    differentiable: [...differentiable, ...cotangentInputs],
    outputs: wanted.map(gradientOf),
    attributes: of.attributes,
    outputShapes: (shapes) => Object.fromEntries(wanted.map((input) => [gradientOf(input), shapes[input]])),
    inputShapes:
      of.inputShapes &&
      ((shapes, attributes) => {
        const wanted = { ...of.inputShapes!(shapes, attributes) }
        const outputs = of.outputShapes(shapes, attributes)
        for (const output of of.outputs) wanted[`d_${output}`] = outputs[output]
        for (const output of of.memo ?? []) wanted[output] = outputs[output]
        return wanted
      }),
    integers: of.integers,
    wholeNumbers: of.wholeNumbers,
    supports: of.supports,
    reference(tensors, attributes) {
      const variables = Object.fromEntries(wanted.map((name) => [name, tensors[name]]))
      const { pull } = vjp(
        (x: Tensors) => ({ value: of.reference({ ...tensors, ...x }, attributes) }),
        variables,
      )
      const gradients = pull(Object.fromEntries(cotangents.map((output) => [output, tensors[`d_${output}`]])))
      return Object.fromEntries(wanted.map((input) => [gradientOf(input), gradients[input]]))
    },
  }
}

export const shapesOf = (tensors: Tensors): Shapes =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.shape]))
