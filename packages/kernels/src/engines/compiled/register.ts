import { tf } from '@ttt-e2e/tensor-ops'
import { CompiledBackend } from './backend'
import { offerFusedKernels } from './fused-kernels'
import { KernelSet } from './kernel-set'
import type { CompiledModule } from './module'
import { registerElementwise } from './stock/elementwise'
import { registerIndexing } from './stock/indexing'
import { registerLayout } from './stock/layout'
import { registerMatrixProduct } from './stock/matrix-product'
import { registerReductions } from './stock/reductions'
import { registerCasts } from './stock/casts'

/** Makes the module's kernels a tfjs backend of this name, the cpu backend's kernels standing in for what it lacks. */
export function registerCompiledBackend(name: string, module: CompiledModule): KernelSet {
  tf.registerBackend(name, () => new CompiledBackend(module), 0)
  tf.copyRegisteredKernels('cpu', name)
  const kernels = new KernelSet(module, name)
  for (const register of [
    registerElementwise,
    registerReductions,
    registerMatrixProduct,
    registerLayout,
    registerCasts,
    registerIndexing,
  ])
    register(kernels)
  offerFusedKernels(name, kernels)
  return kernels
}
