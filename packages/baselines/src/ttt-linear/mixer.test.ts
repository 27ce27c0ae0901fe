import { runMixerSuite } from '@ttt-e2e/swa-transformer/testing'
import { tttLinearMixer } from './mixer'

runMixerSuite('TTT-Linear', tttLinearMixer({ miniBatch: 4 }), { step: 4 })
runMixerSuite(
  'TTT-Linear with projections of their own for queries and keys, no gate',
  tttLinearMixer({ shareQk: false, gate: false }),
)
