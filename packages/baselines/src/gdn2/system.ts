import type { MixerRecord } from '@ttt-e2e/swa-transformer'
import { attention } from '../attention/system'
import type { SystemDefinition } from '../definition'

/** Keys and values as wide as attention's heads, as published. */
const gdn2Layer: MixerRecord = { name: 'gdn2' }

export const gdn2: SystemDefinition = {
  summary: 'Gated DeltaNet-2 layers alternating with window attention, as published',
  pattern: ({ window }) => [gdn2Layer, attention(window)],
  knob: { of: 'MLPs' },
  blocks: { postNorms: false, normEpsilon: 1e-5 },
}

export const gdn2Pure: SystemDefinition = {
  summary: 'Gated DeltaNet-2 in every layer, no attention',
  pattern: () => [gdn2Layer],
  knob: { of: 'MLPs' },
  blocks: { postNorms: false, normEpsilon: 1e-5 },
}

export const tttE2eGdn2: SystemDefinition = {
  summary:
    "TTT-E2E's rule around Gated DeltaNet-2: prime MLPs learn while reading, meta-trained through the scan",
  // The blocks are TTT-E2E's; the output's norm has the ε that the layer is published with.
  pattern: () => [{ ...gdn2Layer, options: { normEpsilon: 1e-5 } }],
  knob: { of: 'MLPs' },
  primes: true,
  learns: true,
}
