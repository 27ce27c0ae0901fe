import type { MixerRecord, ModelSize } from '@ttt-e2e/swa-transformer'
import { attention } from '../attention/system'
import type { SystemDefinition } from '../definition'
import { equalWidth, parameterShare } from '../width'
import type { Mamba2Options } from './mixer'

/** Published: heads of 64, states of 128. A small model's heads are as wide as attention's, its states a quarter of it. */
const scaled = ({ hiddenSize, heads, layers }: ModelSize): Mamba2Options => ({
  headWidth: Math.min(64, hiddenSize / heads),
  stateWidth: Math.min(128, hiddenSize / 4),
  layers,
})

/** States below 128 are a quarter as wide; heads of at most 64 share twice the width. */
const stateStep = ({ hiddenSize }: ModelSize): number => (hiddenSize < 512 ? 4 : 1)
function hiddenSizeStep(size: ModelSize): number {
  const headStep = size.hiddenSize / size.heads > 64 ? 32 : size.heads
  let step = headStep
  while (step % stateStep(size) !== 0) step += headStep
  return step
}

const mixer = (options: Mamba2Options): MixerRecord => ({ name: 'mamba2', options })

export const mamba2: SystemDefinition = {
  summary: 'Mamba 2 layers alternating with window attention, as the paper compares it',
  pattern: (size) => [mixer(scaled(size)), attention(size.window)],
  hiddenSizeStep,
  knob: { of: 'MLPs' },
  blocks: { postNorms: false },
}

/** Two layers without an MLP stand for each layer of the others. */
export const mamba2Pure: SystemDefinition = {
  summary: 'Mamba 2 as published: twice the layers, no MLPs, no attention',
  pattern: (size, innerWidth) => [
    mixer({
      ...scaled(size),
      innerWidth,
      headWidth: widestHead(innerWidth),
      layers: 2 * size.layers,
    }),
  ],
  layers: ({ layers }) => 2 * layers,
  hiddenSizeStep: stateStep,
  knob: { of: 'mixers', width: innerWidth },
  blocks: { postNorms: false, normEpsilon: 1e-5 },
}

export const tttE2eMamba2: SystemDefinition = {
  summary: "TTT-E2E's rule around Mamba 2: prime MLPs learn while reading, meta-trained through the scan",
  pattern: (size) => [mixer(scaled(size))],
  hiddenSizeStep,
  knob: { of: 'MLPs' },
  primes: true,
  learns: true,
}

/** Widths of heads, those first that kernels like. */
const headWidths = [64, 48, 32, 16, 60, 56, 52, 44, 40, 36, 28, 24, 20, 12, 8, 4]

const widestHead = (innerWidth: number): number =>
  headWidths.find((width) => innerWidth % width === 0) ?? innerWidth

/** A whole number of heads, as wide as they can be for the count to be within 1.5 % of full attention's. */
function innerWidth(size: ModelSize): number {
  for (const headWidth of headWidths) {
    const width = equalWidth(mamba2Pure, size, headWidth)
    if (Math.abs(parameterShare(mamba2Pure, size, width) - 1) < 0.015) return width
  }
  return equalWidth(mamba2Pure, size, 1)
}
