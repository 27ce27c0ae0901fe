import type { SystemDefinition } from '../definition'

/** As published: a convolution before each layer, no window attention. */
export const tttMlp: SystemDefinition = {
  summary: 'TTT-MLP layers: the state of each head is an MLP that learns from every token',
  pattern: () => [{ name: 'ttt-mlp' }],
  knob: { of: 'MLPs' },
  blocks: { postNorms: false, preConv: 4 },
}
