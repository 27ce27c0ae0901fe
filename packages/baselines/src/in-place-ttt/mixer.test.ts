import { expect, it } from 'vitest'
import { runMixerSuite } from '@ttt-e2e/swa-transformer/testing'
import { createSystem, systems } from '../index'
import { tinySize } from '../testing'
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

it('learns the embeddings before the blocks that learn while reading only', () => {
  const embeddings = { name: 'in-place-ttt', options: { ...options, target: 'embedding' } }
  const definition = { ...systems['ttt-e2e+in-place-ttt'], name: 'test', pattern: () => [embeddings] }
  expect(() => createSystem(definition, { ...tinySize, layers: 2, suffixBlocks: 1 })).not.toThrow()
  expect(() => createSystem(definition, tinySize)).toThrow(
    'a mixer that learns the embeddings must stand before',
  )
})
