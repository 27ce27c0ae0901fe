import { vjp } from '../autodiff/vjp'
import type { Attributes, FusedOpDefinition, KernelFamily, Tensors } from './definition'

export const gradientName = (order: number, input: string) => `grad${order === 0 ? '' : order + 1}_${input}`

export function gradientFamily(family: KernelFamily, memo: readonly string[], order: number): KernelFamily {
  const cotangents = family.outputs.map((output) => `d_${output}`)
  return {
    name: `${family.name}Grad`,
    inputs: [...family.inputs, ...cotangents, ...memo],
    outputs: family.differentiable.map((input) => gradientName(order, input)),
    differentiable: [...family.differentiable, ...cotangents],
    attributes: family.attributes,
  }
}

export function gradientDefinition<A extends Attributes>(
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
