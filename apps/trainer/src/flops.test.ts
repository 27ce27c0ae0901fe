import { createSystem } from '@ttt-e2e/baselines'
import { createRandom, resolveEngine, treeSize } from '@ttt-e2e/tensor-ops'
import { publishedSizes } from '@ttt-e2e/swa-transformer'
import { beforeAll, expect, it } from 'vitest'
import { recipes } from '../recipes'
import { countSystem } from './flops'

beforeAll(() => resolveEngine('cpu'))

it.each(['ttt-e2e', 'swa', 'full-attention'])('counts the parameters that %s has', (name) => {
  const system = createSystem(name, recipes.get('tiny/books')!.size)
  expect(countSystem(system, 1024).parameters).toBe(treeSize(system.decoder.init(createRandom(1))))
})

it('finds the published ratio of a step with learning to one without, attention left out', () => {
  // The blocks of the 125M model, narrowed alike, its vocabulary too.
  const { window, ...published } = publishedSizes['125m']
  const size = {
    ...published,
    hiddenSize: 96,
    intermediateSize: 256,
    vocabularySize: 16_032,
    heads: 1,
    window: 1,
  }
  const flops = (name: string) => countSystem(createSystem(name, size), window).trainingFlops
  expect(flops('ttt-e2e') / flops('swa')).toBeCloseTo(1.74, 1)
})

it('counts the keys that attention meets: half of the length, or the window', () => {
  const { size } = recipes.get('tiny/books')!
  const flops = (name: string) => countSystem(createSystem(name, size), 1024).trainingFlops
  const perKey = 3 * 4 * size.hiddenSize * size.layers
  const keys = (flops('full-attention') - flops('swa')) / perKey
  // A token of the first 64 sees the tokens before it, all others 64.
  expect(keys).toBeCloseTo(512.5 - (64 - 63 / 32), 0)
})
