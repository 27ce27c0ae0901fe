import { expect, it } from 'vitest'
import { startResults } from '../../experiment/start-results'
import { microBenchmark } from '../../testing'
import type { ReaderContext } from '../probe'
import { measureInChunk } from './measure'
import { summariseInChunk } from './summarise'

it('finds a saw-tooth, and none where there is none', async () => {
  const benchmark = microBenchmark()
  const { chunk } = benchmark.recipe.size
  const read = (natsAt: (place: number) => number) =>
    measureInChunk({
      benchmark,
      heldOutLosses: async () =>
        [0, 1].map((document) =>
          // The first chunk is left out, and so is what is less than a chunk.
          Float32Array.from({ length: 4 * chunk + 1 }, (_, i) =>
            i < chunk || i === 4 * chunk ? 100 : document + natsAt(i % chunk),
          ),
        ),
    } as unknown as ReaderContext)
  const [tooth, flat] = [await read((place) => place / chunk), await read(() => 1)]
  expect(tooth).toEqual([0, 1].map((document) => [0, 1, 2, 3].map((place) => document + place / 4)))
  const task = startResults(benchmark, ['ttt-e2e', 'swa'])
  const summary = summariseInChunk(
    [
      { system: 'ttt-e2e', seed: 0, value: tooth },
      { system: 'swa', seed: 0, value: flat },
    ],
    task,
  )
  expect(summary['ttt-e2e'].rise).toMatchObject({ mean: 0.75, low: 0.75, high: 0.75 })
  expect(summary.swa.rise.mean).toBe(0)
})
