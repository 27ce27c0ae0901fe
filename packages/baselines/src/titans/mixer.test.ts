import { runMixerSuite } from '@ttt-e2e/swa-transformer/testing'
import { titansMixer } from './mixer'

runMixerSuite('Titans', titansMixer({ window: 6, chunk: 4 }))
runMixerSuite(
  'Titans that updates at each token',
  titansMixer({ window: 7, chunk: 1, expansion: 2, maxRate: 0.05 }),
)
runMixerSuite('Titans in chunks longer than the text', titansMixer({ window: 6, chunk: 64 }))
