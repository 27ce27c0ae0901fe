import type { Attributes, FusedKernelCall, KernelFamily, Shapes } from '@ttt-e2e/tensor-ops'
import type { GpuBackend, Output, TensorInfo } from './backend'
import { forEachValue, groupsFor, type GpuKernel, type Part } from './kernel'

/** A family's kernel on webgpu: what a variant lacks of the family's inputs and outputs is undefined. */
export interface GpuFusedKernel {
  (call: FusedKernelCall<GpuBackend>, family: Pick<KernelFamily, 'name' | 'inputs' | 'outputs'>): TensorInfo[]
  /** Whether it takes inputs of these shapes on a GPU of these limits, or why not; left out where it takes all. */
  supports?(inputs: Shapes, attributes: Attributes, limits: GPUSupportedLimits): true | string
}

/** A kernel that doesn't take all inputs. */
export const limited = <Supports extends GpuFusedKernel['supports']>(
  kernel: GpuFusedKernel,
  supports: Supports,
) => Object.assign((...given: Parameters<GpuFusedKernel>) => kernel(...given), { supports })

export type GpuFusedKernels = Record<string, GpuFusedKernel>

/** What a call has, in the order in which buffers are bound; `has` tells which of the family's inputs and outputs it is. */
export function present(
  { inputs, outputShapes }: Pick<FusedKernelCall, 'inputs' | 'outputShapes'>,
  family: Parameters<GpuFusedKernel>[1],
) {
  const named = family.inputs.flatMap((name, i) => (inputs[i] ? [{ name, tensor: inputs[i] }] : []))
  const made = family.outputs.flatMap((name, i) =>
    outputShapes[i] ? [{ name, shape: outputShapes[i] }] : [],
  )
  return {
    inputs: named.map(({ tensor }) => tensor),
    inputNames: named.map(({ name }) => name),
    outputs: made.map(({ shape }): Output => ({ shape, dtype: 'float32' })),
    outputNames: made.map(({ name }) => name),
    /** Tells variants of a family apart. */
    key: `${family.name}(${named.map(({ name }) => name)})->(${made.map(({ name }) => name)})`,
  }
}

/** Buffers of these names in WGSL: `_name`, so that `name` is free for a value. */
export const buffersOf = (names: readonly string[]): Record<string, 'f32'> =>
  Object.fromEntries(names.map((name) => [`_${name}`, 'f32' as const]))

/** Declares a value for each of the family's inputs, 0 where the call lacks it. */
export const valuesAt = (all: readonly string[], given: readonly string[], at: string): string =>
  all.map((name) => `  let ${name} = ${given.includes(name) ? `_${name}[${at}]` : '0.0'};`).join('\n')

/** A kernel of inputs and outputs of one shape. @param outputs an expression for each output, of the inputs' names */
export const elementwise =
  (outputs: Record<string, string>, before = ''): GpuFusedKernel =>
  (call, family) => {
    const { key, inputNames, outputNames, ...given } = present(call, family)
    const size = given.outputs[0].shape.reduce((product, length) => product * length, 1)
    const kernel: GpuKernel = {
      name: key,
      inputs: buffersOf(inputNames),
      outputs: buffersOf(outputNames),
      code: forEachValue(
        [
          valuesAt(family.inputs, inputNames, 'i'),
          before,
          ...outputNames.map((name) => `  _${name}[i] = ${outputs[name]};`),
        ].join('\n'),
      ),
    }
    const part: Part = {
      kernel,
      inputs: inputNames.map((_, i) => i),
      outputs: outputNames.map((_, i) => i),
      parameters: [size],
      groups: groupsFor(size),
    }
    return call.backend.call(given.inputs, given.outputs, [part])
  }
