import type { SystemDefinition } from '../definition'

/** As published: a convolution before each layer, no window attention. */
export const tttLinear: SystemDefinition = {
  summary: 'TTT-Linear layers: the state of each head is a linear layer that learns from every token',
  pattern: () => [{ name: 'ttt-linear' }],
  knob: { of: 'MLPs' },
  blocks: { postNorms: false, preConv: 4 },
}
