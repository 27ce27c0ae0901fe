import { runMixerSuite } from '@ttt-e2e/swa-transformer/testing'
import { gdn2Mixer } from './mixer'

runMixerSuite('Gated DeltaNet-2', gdn2Mixer())
// An output near 0 bends too strongly under its norm for finite steps: a larger ε.
runMixerSuite(
  'Gated DeltaNet-2 with shared key heads, negative eigenvalues and a sigmoid for its output',
  gdn2Mixer({
    valueHeads: 4,
    keyWidth: 5,
    valueWidth: 7,
    negativeEigenvalues: true,
    outputGate: 'sigmoid',
    normEpsilon: 1e-2,
  }),
)
