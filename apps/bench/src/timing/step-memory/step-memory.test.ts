import { beforeEach, expect, it, vi } from 'vitest'
import { stepMemory, stepMemoryTable } from '.'
import { takeStep } from './take-step'

let printed = ''
beforeEach(() => {
  printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((printed += String(text))))
})

const given = { size: 'XS', system: 'ttt-e2e', length: '64', chunks: '4,16', engine: 'cpu' }

it('counts what is carried: all borders grow with K, the least with its root', async () => {
  expect(await stepMemory({ ...given, counted: true })).toBe(0)
  const [four, sixteen] = printed
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => line.trim().split(/ {2,}/))
  expect(four.slice(0, 3)).toEqual(['4', '16', '1.00'])
  expect(sixteen.slice(0, 3)).toEqual(['16', '4', '2.00'])
  expect([four.at(-1), sixteen.at(-1)]).toEqual(['2', '4'])
  const bytes = ([, , , all, least]: string[]) => [all, least].map((text) => Number.parseFloat(text))
  expect(bytes(sixteen)[0] / bytes(four)[0]).toBeCloseTo(4, 1)
  expect(bytes(sixteen)[1] / bytes(four)[1]).toBeCloseTo(7 / 3, 1)
})

it('measures a step in a process of its own', async () => {
  const { before, peak, cpuSeconds } = await takeStep({
    size: 'XS',
    system: 'ttt-e2e',
    length: 64,
    chunk: 16,
    engine: 'cpu',
    holds: 'least',
  })
  expect(peak).toBeGreaterThan(before)
  expect(cpuSeconds).toBeGreaterThan(0)
  const row = { chunks: 4, chunk: 16, stride: 2, carry: 1024, all: { before, peak, cpuSeconds } }
  expect(stepMemoryTable([{ ...row, least: row.all }], 'x').rows[0]).toHaveLength(11)
})

it.each([
  [{ chunks: '5' }, /^--chunks 5 don't divide the 64 tokens of the sequence$/],
  [{ system: 'swa' }, /^'swa' doesn't learn while it reads/],
])('refuses %j', async (more, message) => {
  await expect(stepMemory({ ...given, ...more, counted: true })).rejects.toThrow(message)
})
