import type { MixerRecord } from '@ttt-e2e/swa-transformer'
import { attention } from '../attention/system'
import type { SystemDefinition } from '../definition'

/** Keys and values as wide as attention's heads, as published. */
const kda: MixerRecord = { name: 'kda' }

/** Full attention as in Kimi Linear, which leaves order to KDA; with the heads of the others in place of latent ones. */
const withoutPositions: MixerRecord = {
  name: 'attention',
  options: { window: 0, qkNorm: false, rope: false },
}

export const kdaHybrid: SystemDefinition = {
  summary: 'three Kimi Delta Attention layers, then one of window attention',
  pattern: ({ window }) => [kda, kda, kda, attention(window)],
  knob: { of: 'MLPs' },
  blocks: { postNorms: false },
}

export const kdaPure: SystemDefinition = {
  summary: 'Kimi Delta Attention in every layer, no attention',
  pattern: () => [kda],
  knob: { of: 'MLPs' },
  blocks: { postNorms: false },
}

export const kimiLinear: SystemDefinition = {
  summary:
    'Kimi Linear as published: three Kimi Delta Attention layers, then one of full attention without positions',
  pattern: () => [kda, kda, kda, withoutPositions],
  knob: { of: 'MLPs' },
  blocks: { postNorms: false, normEpsilon: 1e-5 },
}

export const tttE2eKda: SystemDefinition = {
  summary:
    "TTT-E2E's rule around Kimi Delta Attention: prime MLPs learn while reading, meta-trained through the scan",
  pattern: () => [kda],
  knob: { of: 'MLPs' },
  primes: true,
  learns: true,
}
