import type { FusedKernel } from '@ttt-e2e/tensor-ops'
import { attentionNeeds } from '../../attention/wgsl'
import { scan as channelDeltaRule } from '../../channel-delta-rule/wgsl'
import { scan as gatedDeltaRule } from '../../gated-delta-rule/wgsl'
import { lactSupports } from '../../lact/wgsl'
import { scan as mamba3Scan } from '../../mamba3-scan/wgsl'
import { scan as ssdScan } from '../../ssd-scan/wgsl'
import { scanSupports } from '../../state-scan/reach'
import { tttSupports } from '../../ttt-layer/wgsl'

const scans = [channelDeltaRule, gatedDeltaRule, mamba3Scan, ssdScan]

/** Why a family's kernel doesn't take inputs of these shapes on a GPU of these limits. */
export function supportsOf(name: string, limits: () => GPUSupportedLimits): FusedKernel['supports'] {
  if (name.startsWith('ClippedSgdGrad'))
    return (inputs) => !('d_norm' in inputs) || "the slope of a clip's norm is none of its kernel's"
  const scan = scans.find((each) => name === each.name || name === `${each.name}Grad`)
  if (scan) return (inputs) => scanSupports(scan, inputs, name !== scan.name, limits())
  if (/^Ttt(Linear|Mlp)(Grad)?$/.test(name))
    return (inputs) => tttSupports(inputs, name.endsWith('Grad'), limits())
  if (name === 'Lact' || name === 'LactGrad')
    return (inputs, attributes) => lactSupports(inputs, attributes, name !== 'Lact', limits())
  if (!isAttention(name)) return undefined
  return ({ q }) => {
    const { memory, buffers } = attentionNeeds[name](q[3])
    const { maxComputeWorkgroupStorageSize: most, maxStorageBuffersPerShaderStage: mostBuffers } = limits()
    if (memory > most) return `its heads take ${memory} bytes of workgroup memory, this GPU has ${most}`
    return buffers <= mostBuffers || `it takes ${buffers} buffers, this GPU has ${mostBuffers} for a kernel`
  }
}

const isAttention = (name: string): name is keyof typeof attentionNeeds => name in attentionNeeds
