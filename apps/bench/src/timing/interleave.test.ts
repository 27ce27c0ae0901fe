import { expect, it } from 'vitest'
import { interleave } from './interleave'

it('lets contenders take turns, in another order each round', async () => {
  const order: string[] = []
  const contender = (name: string) => ({ name, run: () => order.push(name) })
  const samples = await interleave(['a', 'b', 'c'].map(contender), { rounds: 4 })
  const rounds = [0, 3, 6, 9].map((start) => order.slice(start, start + 3))
  for (const round of rounds) expect(round.toSorted()).toEqual(['a', 'b', 'c'])
  expect(new Set(rounds.map((round) => round.join(''))).size).toBeGreaterThan(1)
  expect(samples.map(({ seconds, cpuSeconds }) => [seconds.length, cpuSeconds.length])).toEqual(
    Array.from({ length: 3 }, () => [4, 4]),
  )
})

it('stops between two runs', async () => {
  const controller = new AbortController()
  let runs = 0
  const run = () => {
    if (++runs === 2) controller.abort(new Error('enough'))
  }
  const { signal } = controller
  await expect(interleave([{ name: 'a', run }], { rounds: 5, signal })).rejects.toThrow('enough')
  expect(runs).toBe(2)
})
