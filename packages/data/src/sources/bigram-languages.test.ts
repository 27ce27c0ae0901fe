import { createRandom } from '@ttt-e2e/tensor-ops'
import { expect, test } from 'vitest'
import { DataError } from '../data-error'
import { bigramDocument } from './bigram-languages'

test('each symbol has distinct followers, and the document keeps to them', () => {
  const { tokens, table } = bigramDocument({
    vocabularySize: 20,
    successors: 3,
    length: 5000,
    random: createRandom(1),
  })
  const followers = Array.from(
    { length: 20 },
    (_, symbol) => new Set(table.subarray(symbol * 3, symbol * 3 + 3)),
  )
  for (const set of followers) expect(set.size).toBe(3)
  const counts = new Map<string, number>()
  for (let i = 1; i < tokens.length; i++) {
    expect(followers[tokens[i - 1]].has(tokens[i])).toBe(true)
    const key = `${tokens[i - 1]} ${tokens[i]}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const ofFirst = [...followers[tokens[0]]].map((next) => counts.get(`${tokens[0]} ${next}`) ?? 0)
  const total = ofFirst.reduce((a, b) => a + b)
  for (const times of ofFirst) expect(Math.abs(times / total - 1 / 3)).toBeLessThan(0.12)
})

test('first tokens, and tables over all subsets, are uniform', () => {
  const random = createRandom(2)
  const firsts = [0, 0, 0, 0]
  const subsets = new Map<string, number>()
  for (let i = 0; i < 1200; i++) {
    const { tokens, table } = bigramDocument({ vocabularySize: 4, successors: 2, length: 1, random })
    firsts[tokens[0]]++
    for (let symbol = 0; symbol < 4; symbol++) {
      const subset = [...table.subarray(symbol * 2, symbol * 2 + 2)].sort().join()
      subsets.set(subset, (subsets.get(subset) ?? 0) + 1)
    }
  }
  for (const times of firsts) expect(Math.abs(times - 300)).toBeLessThan(75)
  expect(subsets.size).toBe(6)
  for (const times of subsets.values()) expect(Math.abs(times - 800)).toBeLessThan(130)
})

test('deterministic in its random stream', () => {
  const draw = () => bigramDocument({ vocabularySize: 8, successors: 2, length: 50, random: createRandom(3) })
  expect(draw()).toEqual(draw())
})

test('refuses more followers than symbols', () => {
  const random = createRandom(1)
  expect(() => bigramDocument({ vocabularySize: 4, successors: 5, length: 3, random })).toThrow(
    new DataError('successors is 5; it must be a whole number from 1 to 4'),
  )
})
