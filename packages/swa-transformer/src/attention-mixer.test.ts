import { attentionMixer } from './attention-mixer'
import { runMixerSuite } from './testing'

runMixerSuite('window of 6', attentionMixer(6), { engines: ['cpu', 'native', 'webgpu'] })
runMixerSuite('window longer than the sequence', attentionMixer(64))
runMixerSuite('window of 2', attentionMixer(2))
runMixerSuite('full attention', attentionMixer(0))
runMixerSuite('full attention without QK norm', attentionMixer(0, { qkNorm: false }))
runMixerSuite(
  'four heads of width 6 that share two of keys',
  attentionMixer(5, { keyHeads: 2, headWidth: 6 }),
  {
    sizes: { heads: 4 },
  },
)
runMixerSuite('window of 6 with sinks', attentionMixer(6, { sinks: true }))
runMixerSuite('full attention with sinks', attentionMixer(0, { sinks: true }))
runMixerSuite('full attention without positions', attentionMixer(0, { rope: false }))
runMixerSuite('window of 6 and the first 3', attentionMixer(6, { keepFirst: 3 }))
runMixerSuite('window of 3 and the first 4', attentionMixer(3, { keepFirst: 4, keptPositions: 'text' }))
runMixerSuite('window of 6 and the first 3 with sinks', attentionMixer(6, { keepFirst: 3, sinks: true }))
