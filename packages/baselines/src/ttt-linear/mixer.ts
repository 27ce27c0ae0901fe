import { tttLinear, type TttLinearState } from '@ttt-e2e/kernels/ops'
import type { MixerKind } from '@ttt-e2e/swa-transformer'
import { tttMixer, type InnerModel, type TttOptions } from '../ttt-layer/mixer'

const model: InnerModel = {
  name: 'TTT-Linear',
  baseRate: 1,
  warmsUp: false,
  layers: (width) => [width],
  scan: (tokens, state, position) => tttLinear(tokens, state as TttLinearState, position),
}

/** TTT-Linear: the inner model is a linear layer. The options left out are those of the published models. */
export const tttLinearMixer = (options: TttOptions = {}): MixerKind => tttMixer(model, options)
