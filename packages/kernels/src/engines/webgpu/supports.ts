import type { FusedKernel } from '@ttt-e2e/tensor-ops'
import { attentionNeeds } from '../../attention/wgsl'

/** Why a family's kernel doesn't take inputs of these shapes on a GPU of these limits. */
export function supportsOf(name: string, limits: () => GPUSupportedLimits): FusedKernel['supports'] {
  if (name.startsWith('ClippedSgdGrad'))
    return (inputs) => !('d_norm' in inputs) || "the slope of a clip's norm is none of its kernel's"
  if (!isAttention(name)) return undefined
  return ({ q }) => {
    const { memory, buffers } = attentionNeeds[name](q[3])
    const { maxComputeWorkgroupStorageSize: most, maxStorageBuffersPerShaderStage: mostBuffers } = limits()
    if (memory > most) return `its heads take ${memory} bytes of workgroup memory, this GPU has ${most}`
    return buffers <= mostBuffers || `it takes ${buffers} buffers, this GPU has ${mostBuffers} for a kernel`
  }
}

const isAttention = (name: string): name is keyof typeof attentionNeeds => name in attentionNeeds
