import { tttMlp, type TttMlpState } from '@ttt-e2e/kernels/ops'
import type { MixerKind } from '@ttt-e2e/swa-transformer'
import { tttMixer, type InnerModel, type TttOptions } from '../ttt-layer/mixer'

const model: InnerModel = {
  name: 'TTT-MLP',
  baseRate: 0.1,
  warmsUp: true,
  layers: (width) => [4 * width, width],
  scan: (tokens, state, position) => tttMlp(tokens, state as TttMlpState, position),
}

/**
 * TTT-MLP: the inner model is an MLP with gelu, four times as wide as a head. The options left out are those of the
 * published models, whose training warms the base rate up.
 */
export const tttMlpMixer = (options: TttOptions = {}): MixerKind => tttMixer(model, options)
