import { expect, it } from 'vitest'
import { interleave } from './interleave'

it('lets contenders take turns, there and back', async () => {
  const order: string[] = []
  const contender = (name: string) => ({ name, run: () => order.push(name) })
  const samples = await interleave(['a', 'b', 'c'].map(contender), { rounds: 3 })
  expect(order.join('')).toBe('abccbaabc')
  expect(samples.map(({ seconds, cpuSeconds }) => [seconds.length, cpuSeconds.length])).toEqual(
    Array.from({ length: 3 }, () => [3, 3]),
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
