import { runMixerSuite } from '@ttt-e2e/swa-transformer/testing'
import { inPlaceTttMixer } from './mixer'

const options = { width: 24, chunk: 4, rate: 3, target: 'hidden' } as const

runMixerSuite('In-Place TTT', inPlaceTttMixer(options), { step: 4 })
runMixerSuite(
  'In-Place TTT without a projection',
  inPlaceTttMixer({ ...options, chunk: 5, rate: 0.1, projection: false }),
  {
    step: 5,
  },
)
