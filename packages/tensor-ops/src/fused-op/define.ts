import { registerDirectGradient } from '../autodiff/direct-gradients'
import { tf, type Tensor } from '../tf'
import { checkArguments } from './check-arguments'
import {
  shapesOf,
  type Attributes,
  type FusedOp,
  type FusedOpDefinition,
  type KernelFamily,
  type Shapes,
  type Tensors,
} from './definition'
import { gradientDefinition, gradientFamily, gradientName } from './gradient'
import { fusedKernel } from './kernels'
import { addFusedOp, hasFusedOp } from './registry'

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
  if (hasFusedOp(definition.name)) throw new Error(`a fused op '${definition.name}' is already defined`)
  const { name, inputs, outputs, differentiable = inputs, overwrites } = definition
  const attributes = Object.keys(definition.attributes ?? {})
  return makeFusedOp(
    definition,
    { name: definition.kernel ?? name, inputs, outputs, differentiable, attributes, overwrites },
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
    const kernel = fusedKernel(tf.getBackend(), name)
    if (!kernel || (kernel.supports && kernel.supports(shapesOf(inputs), all) !== true))
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
    const kernel = fusedKernel(tf.getBackend(), name)
    if (!kernel) return `the engine '${tf.getBackend()}' has no kernel '${name}'`
    return kernel.supports?.(shapes, complete(attributes)) ?? true
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
  addFusedOp(made as unknown as FusedOp)
  return made
}
