import type { MixerRecord, ModelSize } from '@ttt-e2e/swa-transformer'
import { attention } from '../attention/system'
import type { SystemDefinition } from '../definition'
import type { GatedDeltanetOptions } from './mixer'

/** Keys are three quarters of the hidden size wide, in as few heads as are no wider than attention's. */
function scaled({ hiddenSize, heads }: ModelSize): MixerRecord {
  const keys = 0.75 * hiddenSize
  let keyHeads = Math.min(keys, Math.max(1, Math.ceil((keys * heads) / hiddenSize)))
  while (keyHeads < keys && keys % keyHeads !== 0) keyHeads++
  const options: GatedDeltanetOptions = { keyHeads }
  return { name: 'gated-deltanet', options }
}

/** Keys take three quarters of it. */
const hiddenSizeStep = () => 4

export const gatedDeltanet: SystemDefinition = {
  summary: 'Gated DeltaNet layers alternating with window attention, as the paper compares it',
  pattern: (size) => [scaled(size), attention(size.window)],
  hiddenSizeStep,
  knob: { of: 'MLPs' },
  blocks: { postNorms: false },
}

export const gatedDeltanetPure: SystemDefinition = {
  summary: 'Gated DeltaNet in every layer, no attention',
  pattern: (size) => [scaled(size)],
  hiddenSizeStep,
  knob: { of: 'MLPs' },
  blocks: { postNorms: false },
}

export const tttE2eGatedDeltanet: SystemDefinition = {
  summary:
    "TTT-E2E's rule around Gated DeltaNet: prime MLPs learn while reading, meta-trained through the scan",
  pattern: (size) => [scaled(size)],
  hiddenSizeStep,
  knob: { of: 'MLPs' },
  primes: true,
  learns: true,
}
