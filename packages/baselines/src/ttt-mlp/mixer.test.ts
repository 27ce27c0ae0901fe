import { runMixerSuite } from '@ttt-e2e/swa-transformer/testing'
import { tttMlpMixer } from './mixer'

runMixerSuite('TTT-MLP', tttMlpMixer({ miniBatch: 4 }), { step: 4 })
runMixerSuite(
  'TTT-MLP with projections of their own for queries and keys, no gate',
  tttMlpMixer({ shareQk: false, gate: false }),
)
