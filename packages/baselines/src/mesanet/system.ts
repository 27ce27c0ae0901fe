import type { SystemDefinition } from '../definition'

export const mesanet: SystemDefinition = {
  summary:
    'MesaNet: ridge regression on everything read, solved at each token by conjugate gradients; no attention',
  pattern: () => [{ name: 'mesanet' }],
  knob: { of: 'MLPs' },
  blocks: { postNorms: false },
}
