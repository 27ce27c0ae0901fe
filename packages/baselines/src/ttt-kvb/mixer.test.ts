import { runMixerSuite } from '@ttt-e2e/swa-transformer/testing'
import { tttKvbMixer } from './mixer'

// Rates that show in the output.
const small = { fastHeads: 2, rank: 3, baseRate: 0.3 }

runMixerSuite('TTT-KVB', tttKvbMixer({ ...small, window: 6, chunk: 5 }), { step: 5 })
runMixerSuite('TTT-KVB that learns twice', tttKvbMixer({ ...small, window: 64, chunk: 10 }))
runMixerSuite(
  'TTT-KVB with norms before reading and on queries and keys',
  tttKvbMixer({ ...small, window: 7, chunk: 4, preNorm: true, qkNorm: true, expansion: 2 }),
)
