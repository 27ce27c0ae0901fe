import { present, type GpuFusedKernel } from '../engines/webgpu/fused-kernel'
import type { Part, PartBuffer } from '../engines/webgpu/kernel'

/** A call's buffers by their names, and what is to be done with them. */
export function openedCall(...[call, family]: Parameters<GpuFusedKernel>) {
  const { inputs, inputNames, outputs, outputNames } = present(call, family)
  const kept = outputs.length
  const parts: Part[] = []
  const find = (names: readonly string[], name: string) =>
    names.includes(name) ? names.indexOf(name) : undefined
  return {
    shapes: Object.fromEntries(inputNames.map((name, i) => [name, inputs[i].shape])),
    parts,
    input: (name: string): PartBuffer | undefined => find(inputNames, name),
    /** Where it is, if it is wanted. */
    output: (name: string): number | undefined => find(outputNames, name),
    temporary: (values: number) => outputs.push({ shape: [Math.max(1, values)], dtype: 'float32' }) - 1,
    run: () => call.backend.call(inputs, outputs, parts, { temporary: outputs.length - kept }),
  }
}
