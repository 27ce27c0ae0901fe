import { registerFusedKernels, type FusedKernel } from '@ttt-e2e/tensor-ops'
import { gpuKernels as adamw } from '../../adamw/wgsl'
import { attentionNeeds, gpuKernels as attention } from '../../attention/wgsl'
import { gpuKernels as clippedSgd } from '../../clipped-sgd/wgsl'
import { gpuKernels as linear } from '../../linear/wgsl'
import { gpuKernels as linearCrossEntropy } from '../../linear-cross-entropy/wgsl'
import { gpuKernels as rmsNorm } from '../../rms-norm/wgsl'
import { gpuKernels as rope } from '../../rope/wgsl'
import { gpuKernels as swiglu } from '../../swiglu/wgsl'
import type { GpuBackend } from './backend'
import type { Gpu } from './device'
import type { GpuFusedKernels } from './fused-kernel'

/** By the names of families: an op's, `…Grad` for its gradient's, `…GradGrad` for that one's. */
const kernels: GpuFusedKernels = {
  ...adamw,
  ...attention,
  ...clippedSgd,
  ...linear,
  ...linearCrossEntropy,
  ...rmsNorm,
  ...rope,
  ...swiglu,
}

/** Offers the kernels in WGSL to the fused ops of their names; the others run as their references. */
export function offerFusedKernels(engine: string, { limits }: Gpu): void {
  registerFusedKernels<GpuBackend>(engine, (family) => {
    const run = kernels[family.name]
    return run && { run: (call) => run(call, family), supports: supportsOf(family.name, limits) }
  })
}

function supportsOf(name: string, limits: GPUSupportedLimits): FusedKernel['supports'] {
  if (name !== 'Attention' && name !== 'AttentionGrad') return undefined
  return ({ q }) => {
    const { memory, buffers } = attentionNeeds[name](q[3])
    const { maxComputeWorkgroupStorageSize: most, maxStorageBuffersPerShaderStage: mostBuffers } = limits
    if (memory > most) return `its heads take ${memory} bytes of workgroup memory, this GPU has ${most}`
    return buffers <= mostBuffers || `it takes ${buffers} buffers, this GPU has ${mostBuffers} for a kernel`
  }
}
