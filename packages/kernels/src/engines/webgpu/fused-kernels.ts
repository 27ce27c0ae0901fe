import { registerFusedKernels } from '@ttt-e2e/tensor-ops'
import { gpuKernels as adamw } from '../../adamw/wgsl'
import { gpuKernels as attention } from '../../attention/wgsl'
import { gpuKernels as channelDeltaRule } from '../../channel-delta-rule/wgsl'
import { gpuKernels as clippedSgd } from '../../clipped-sgd/wgsl'
import { gpuKernels as gatedDeltaRule } from '../../gated-delta-rule/wgsl'
import { gpuKernels as gradientClip } from '../../gradient-clip/wgsl'
import { gpuKernels as inPlaceTtt } from '../../in-place-ttt/wgsl'
import { gpuKernels as lact } from '../../lact/wgsl'
import { gpuKernels as linear } from '../../linear/wgsl'
import { gpuKernels as linearCrossEntropy } from '../../linear-cross-entropy/wgsl'
import { gpuKernels as mamba3Scan } from '../../mamba3-scan/wgsl'
import { gpuKernels as mesa } from '../../mesa/wgsl'
import { gpuKernels as rmsNorm } from '../../rms-norm/wgsl'
import { gpuKernels as ringCache } from '../../ring-cache/wgsl'
import { gpuKernels as rope } from '../../rope/wgsl'
import { gpuKernels as shortConv } from '../../short-conv/wgsl'
import { gpuKernels as ssdScan } from '../../ssd-scan/wgsl'
import { gpuKernels as swiglu } from '../../swiglu/wgsl'
import { gpuKernels as titansMemory } from '../../titans-memory/wgsl'
import { gpuKernels as tttLinear } from '../../ttt-linear/wgsl'
import { gpuKernels as tttMlp } from '../../ttt-mlp/wgsl'
import type { GpuBackend } from './backend'
import type { GpuFusedKernels } from './fused-kernel'

/** By the names of families: an op's, `…Grad` for its gradient's, `…GradGrad` for that one's. */
const kernels: GpuFusedKernels = {
  ...adamw,
  ...attention,
  ...channelDeltaRule,
  ...clippedSgd,
  ...gatedDeltaRule,
  ...gradientClip,
  ...inPlaceTtt,
  ...lact,
  ...linear,
  ...linearCrossEntropy,
  ...mamba3Scan,
  ...mesa,
  ...rmsNorm,
  ...ringCache,
  ...rope,
  ...shortConv,
  ...ssdScan,
  ...swiglu,
  ...titansMemory,
  ...tttLinear,
  ...tttMlp,
}

/** Offers the kernels in WGSL to the fused ops of their names; the others run as their references. */
export function offerFusedKernels(engine: string, limits: () => GPUSupportedLimits): void {
  registerFusedKernels<GpuBackend>(engine, (family) => {
    const kernel = kernels[family.name]
    if (!kernel) return undefined
    const { supports } = kernel
    return {
      run: (call) => kernel(call, family),
      supports: supports && ((inputs, attributes) => supports(inputs, attributes, limits())),
    }
  })
}
