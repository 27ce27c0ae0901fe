import { tf } from '@ttt-e2e/tensor-ops'
import { GpuBackend } from './backend'
import type { Gpu } from './device'
import { offerFusedKernels } from './fused-kernels'
import { KernelSet } from './kernel-set'
import { registerElementwise } from './stock/elementwise'
import { registerFill } from './stock/fill'
import { registerIndexing } from './stock/indexing'
import { registerLayout } from './stock/layout'
import { registerMatrixProduct } from './stock/matrix-product'
import { registerReductions } from './stock/reductions'
import { registerCasts } from './stock/casts'

/** Makes a device a tfjs backend of this name. */
export function registerGpuBackend(name: string, gpu: Gpu): { backend: GpuBackend; kernels: KernelSet } {
  const backend = new GpuBackend(gpu)
  tf.registerBackend(name, () => backend, 0)
  tf.copyRegisteredKernels('cpu', name)
  const kernels = new KernelSet(name)
  for (const register of [
    registerElementwise,
    registerReductions,
    registerMatrixProduct,
    registerLayout,
    registerCasts,
    registerIndexing,
    registerFill,
  ])
    register(kernels)
  offerFusedKernels(name, gpu)
  return { backend, kernels }
}
