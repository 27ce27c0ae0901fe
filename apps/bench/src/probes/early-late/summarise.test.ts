import { expect, it } from 'vitest'
import { startResults } from '../../experiment/start-results'
import { microBenchmark } from '../../testing'
import { partsOf } from './parts'
import { summariseParts } from './summarise'

const task = startResults(microBenchmark(), ['ttt-e2e', 'swa'])

it('cuts documents before the first step of learning and at the training length', () => {
  expect(partsOf(task.recipe).map(({ from, to }) => [from, to])).toEqual([
    [0, 4],
    [4, 16],
    [16, 64],
  ])
})

it('says which part a difference comes from', () => {
  const value = (nats: number[]) => [nats, nats.map((each) => each + 1)]
  const summary = summariseParts(
    [
      { system: 'ttt-e2e', seed: 0, value: value([1, 1, 1]) },
      { system: 'swa', seed: 0, value: value([4, 2, 1.25]) },
    ],
    task,
  )
  expect(summary).toMatchObject([
    {
      system: 'swa',
      byPart: [{ mean: -3 }, { mean: -1 }, { mean: -0.25 }],
      share: [1, 1, 1].map((each) => expect.closeTo(each / 3, 6)),
    },
  ])
})
