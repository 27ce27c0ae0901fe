import { createSystem } from '@ttt-e2e/baselines'
import { createRandom, disposeTree, liveTensors, resolveEngine } from '@ttt-e2e/tensor-ops'
import { Reader } from '@ttt-e2e/ttt-inner'
import { expect, it } from 'vitest'
import { recipes } from './recipes'
import { evaluate } from './evaluate'

it('is the mean of what a reader of each document loses, by place', async () => {
  await resolveEngine('cpu')
  const size = { ...recipes.get('tiny/languages')!.size, hiddenSize: 8, layers: 2, intermediateSize: 16 }
  const system = createSystem('ttt-e2e', size)
  const random = createRandom(1)
  const documents = Array.from({ length: 9 }, () =>
    Int32Array.from({ length: 101 }, () => random.integer(16)),
  )
  const tensors = liveTensors()
  const params = system.decoder.init(createRandom(2))
  const { loss, byPlace } = await evaluate(system, params, documents)
  const nats: Float32Array[] = []
  for (const tokens of documents) {
    const reader = new Reader(system, params)
    nats.push((await reader.read(tokens)).subarray(1))
    reader.dispose()
  }
  const mean = (from: number, to: number) =>
    nats.flatMap((each) => [...each.subarray(from, to)]).reduce((a, b) => a + b, 0) / (9 * (to - from))
  expect(loss).toBeCloseTo(mean(0, 100), 5)
  expect(byPlace.map(({ from, to }) => [from, to])).toEqual([
    [0, 64],
    [64, 100],
  ])
  expect(byPlace[1].loss).toBeCloseTo(mean(64, 100), 5)
  disposeTree(params)
  expect(liveTensors()).toBe(tensors)
})
