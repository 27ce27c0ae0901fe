import { registerFusedKernels } from '@ttt-e2e/tensor-ops'
import type { CompiledBackend } from './backend'
import type { KernelSet } from './kernel-set'

/** Offers the module's kernels to the fused ops of their names. */
export function offerFusedKernels(engine: string, kernels: KernelSet): void {
  registerFusedKernels<CompiledBackend>(engine, ({ name, inputs: inputNames, outputs, overwrites }) => {
    if (!kernels.has(name)) return undefined
    const index = kernels.index(name)
    const over = overwrites && outputs.map((output) => inputNames.indexOf(overwrites[output]))
    return {
      run: ({ inputs, outputShapes, attributes, backend }) =>
        backend.call(index, inputs, outputShapes, attributes, 'float32', over),
    }
  })
}
