import { expect, it } from 'vitest'
import { levelsOf, meanNats, stretchesOf, surprisesOf } from './surprise'

it('takes the tokens of one character for one, and leaves what nothing predicted', () => {
  const found = surprisesOf('aéb', { offsets: [0, 1, 1, 2], logprobs: [null, -1, -3, -4] })
  expect(found).toEqual([
    { text: 'a', nats: null, tokens: 1 },
    { text: 'é', nats: 2, tokens: 2 },
    { text: 'b', nats: 4, tokens: 1 },
  ])
  expect(meanNats(found)).toBeCloseTo(8 / 3, 12)
  expect(meanNats([])).toBeNaN()
})

it('marks what is worse than half of all, the worst twentieth most', () => {
  const all = Array.from({ length: 100 }, (_, nats) => ({ text: '', nats, tokens: 1 }))
  const level = levelsOf(all)
  expect([0, 50, 51, 71, 86, 96, 99].map((nats) => level(all[nats]))).toEqual([0, 0, 1, 2, 3, 4, 4])
  expect(level({ text: '', nats: null, tokens: 1 })).toBe(0)
  // Where all is alike, nothing is marked.
  expect(levelsOf([all[7], all[7]])(all[7])).toBe(0)
})

it('cuts a text where its stretches end, as far as its tokens are known', () => {
  const stretches = [
    { end: 2, loss: 1 },
    { end: 4, loss: 2 },
    { end: 6, loss: 3 },
  ]
  expect(stretchesOf('abcde', [1, 2, 3, 4, 5], stretches)).toEqual([
    { text: 'ab', nats: 1, tokens: 2 },
    { text: 'cd', nats: 2, tokens: 2 },
    { text: 'e', nats: 3, tokens: 2 },
  ])
})
