import { runMixerSuite } from '@ttt-e2e/swa-transformer/testing'
import { mesanetMixer } from './mixer'

runMixerSuite('MesaNet', mesanetMixer())
runMixerSuite(
  'MesaNet with a gate, other heads',
  mesanetMixer({ heads: 3, headWidth: 4, taps: 3, outputGate: true }),
)
