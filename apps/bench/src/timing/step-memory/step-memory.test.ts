import { beforeEach, expect, it, vi } from 'vitest'
import { countedMemory, stepMemory } from '.'
import { stepMemoryTable } from './table'
import { takeStep } from './take-step'
import type { StepTaken } from './work'

let printed = ''
beforeEach(() => {
  printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((printed += String(text))))
})

const given = { size: 'XS', system: 'ttt-e2e', length: '64', chunks: '4,16', steps: '2', engine: 'cpu' }

it('counts what is carried, each border of the same bytes, and prints it', async () => {
  const work = { size: 'XS' as const, system: 'ttt-e2e', length: 64 }
  const [four, sixteen] = await Promise.all([16, 4].map((chunk) => countedMemory({ ...work, chunk })))
  expect([four.chunks, four.least, sixteen.chunks, sixteen.least]).toEqual([4, 3, 16, 6])
  // Fast weights 3 · 64 · 160 and keys and values of 64 tokens of 64 numbers, at the least.
  expect(four.border).toBeGreaterThanOrEqual(4 * (3 * 64 * 100 + 2 * 64 * 32))
  expect(sixteen.border).toBe(four.border)
  expect(await stepMemory({ ...given, counted: true })).toBe(0)
  const rows = printed.split('\n').filter((line) => /^\d/.test(line))
  expect(rows.map((line) => line.trim().split(/ {2,}/).slice(0, 3))).toEqual([
    ['4', '16', '1.00'],
    ['16', '4', '2.00'],
  ])
})

const work = { size: 'XS', system: 'ttt-e2e', length: 64, chunk: 16, engine: 'cpu' } as const

it('measures steps in a process of their own', async () => {
  const told: StepTaken[] = []
  const taken = await takeStep({ ...work, holds: 'least', steps: 2 }, (step) => told.push(step))
  expect(taken.peak).toBeGreaterThan(taken.before)
  expect(taken.cpuSeconds).toBeGreaterThan(0)
  expect(taken.seconds).toBeGreaterThan(0)
  expect(told).toEqual([expect.anything(), taken])
  const row = { chunks: 4, chunk: 16, least: 3, border: 1024, lasting: 0, taken: [taken, taken] }
  const { columns, rows } = stepMemoryTable([row], ['all', 'least'], 'x')
  expect(rows[0]).toHaveLength(columns.length)
})

it('measures them with a size of the process in view, and says one that is too little', async () => {
  const { peak } = await takeStep({ ...work, holds: 1e9, steps: 1 })
  expect(peak).toBeLessThanOrEqual(1e9)
  const refused = takeStep({ ...work, holds: 1e7, steps: 1 })
  await expect(refused).rejects.toThrow(/--memory 0.010GB is too little/)
})

it.each([
  [{ chunks: '5' }, /^--chunks 5 don't divide the 64 tokens of the sequence$/],
  [{ system: 'swa' }, /^'swa' doesn't learn while it reads/],
])('refuses %j', async (more, message) => {
  await expect(stepMemory({ ...given, ...more, counted: true })).rejects.toThrow(message)
})
