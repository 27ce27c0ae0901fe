import type { SystemDefinition } from '../definition'
import { tttLinearMixer } from './mixer'

/** As published: a convolution before each layer, no window attention. */
export const tttLinear: SystemDefinition = {
  summary: 'TTT-Linear layers: the state of each head is a linear layer that learns from every token',
  pattern: () => [tttLinearMixer()],
  knob: { of: 'MLPs' },
  blocks: { postNorms: false, preConv: 4 },
}
