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

interface Registered {
  backend: GpuBackend
  kernels: KernelSet
}

/** Kernels are registered once for a name, whatever devices it has had. */
const registered = new Map<string, Registered>()

/** Makes a device a tfjs backend of this name, in place of the one that had it. */
export function registerGpuBackend(name: string, gpu: Gpu): Registered {
  const backend = new GpuBackend(gpu)
  const known = registered.get(name)
  if (known) {
    if (tf.findBackendFactory(name)) tf.removeBackend(name)
    known.backend.gpu.device.destroy()
    known.backend = backend
  }
  tf.registerBackend(name, () => backend, 0)
  if (known) return known
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
  const made = { backend, kernels }
  registered.set(name, made)
  offerFusedKernels(name, () => made.backend.gpu.limits)
  return made
}
