import type { MixerRecord, ModelSize } from '@ttt-e2e/swa-transformer'
import { attention } from '../attention/system'
import type { SystemDefinition } from '../definition'
import type { Mamba3Options } from './mixer'

/**
 * Published: heads of 64, states of 128. A small model's heads are as wide as attention's, its states a quarter of it,
 * but no narrower than 8: keys are normed, and norms of few channels amplify what is small.
 */
const mixer = ({ hiddenSize, heads }: ModelSize, more: Mamba3Options = {}): MixerRecord => {
  const stateWidth = Math.min(128, 4 * Math.max(2, Math.round(hiddenSize / 16)))
  return { name: 'mamba3', options: { headWidth: Math.min(64, hiddenSize / heads), stateWidth, ...more } }
}

/** Heads of at most 64 share twice the width. */
const hiddenSizeStep = ({ hiddenSize, heads }: ModelSize): number => (hiddenSize / heads > 64 ? 32 : heads)

export const mamba3: SystemDefinition = {
  summary: 'Mamba 3 layers alternating with window attention, as Mamba 2 is compared',
  pattern: (size) => [mixer(size, { gateNorm: true }), attention(size.window)],
  hiddenSizeStep,
  knob: { of: 'MLPs' },
  blocks: { postNorms: false },
}

export const mamba3Pure: SystemDefinition = {
  summary: 'Mamba 3 as published: a layer and an MLP in each block, no attention',
  pattern: (size) => [mixer(size)],
  hiddenSizeStep,
  knob: { of: 'MLPs' },
  blocks: { postNorms: false, normEpsilon: 1e-5 },
}

export const tttE2eMamba3: SystemDefinition = {
  summary: "TTT-E2E's rule around Mamba 3: prime MLPs learn while reading, meta-trained through the scan",
  pattern: (size) => [mixer(size)],
  hiddenSizeStep,
  knob: { of: 'MLPs' },
  primes: true,
  learns: true,
}
