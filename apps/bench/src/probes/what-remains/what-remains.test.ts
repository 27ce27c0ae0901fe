import '@ttt-e2e/kernels/engines'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { expect, it } from 'vitest'
import { openBenchmark } from '../../tasks'
import { microPreset } from '../../testing'
import type { Probe } from '../probe'
import { measureProbe } from '../testing'
import { textOf, tokensOf } from '../text-of'
import { whatRemains } from './index'
import { questions, type RemainsSizes } from './measure'
import { namesOf, statementsOf } from './statements'

useEngine('wasm', { threads: 1 })

it('asks from word for word to the style, and finds nothing where nothing is learned', async () => {
  const store = mkdtempSync(join(tmpdir(), 'remains-'))
  const { books } = microPreset
  const { recipe } = books
  // Long enough that a window of the stack has let go of the beginning.
  const longer = {
    ...recipe,
    size: { ...recipe.size, window: 4, chunk: 32 },
    training: { ...recipe.training, length: 192 },
    evaluation: { ...recipe.evaluation, length: 384 },
  }
  const benchmark = openBenchmark('books', 'micro', { ...microPreset, books: { ...books, recipe: longer } })
  const sizes: RemainsSizes = { documents: 2, passages: 1, statements: 2 }
  const systems = ['ttt-e2e', 'ttt-off']
  const task = await measureProbe(whatRemains as Probe, sizes, { benchmark, systems, store })
  const results = task.probes['what-remains'] as Parameters<NonNullable<typeof whatRemains.table>>[0]
  expect(Object.keys(results.summary.answers)).toEqual(systems)
  for (const question of questions) {
    const off = results.summary.answers['ttt-off'][question]
    if (off) expect(Math.abs(off.remains.mean)).toBeLessThan(1e-4)
  }
  const ours = results.summary.answers['ttt-e2e']
  expect(ours.passage!.own).not.toBe(ours.passage!.another)
  expect(whatRemains.table!(results, task)).toHaveLength(2)
  expect(whatRemains.figure!(results, task)).toMatchObject({ legend: [{ name: 'ttt-e2e' }, {}] })
  expect(whatRemains.verdict!(results, task)[1]).toMatch(/ttt-off keeps nothing beyond doubt/)
})

const text =
  'It was on that very day, and not before, that Ishmael went to sea; but he, said Ahab, would not go there at all.'

it('finds names inside of sentences', () => {
  expect(namesOf(text)).toEqual(['Ishmael', 'Ahab'])
})

it('sets a name against another of as many letters that is not in the text', () => {
  const [first, second, ...rest] = statementsOf(tokensOf(text), ['Ahab', 'Peleg', 'Bildads', 'John'], 4)
  expect(rest).toEqual([])
  expect([first, second].map(({ isTrue, isFalse }) => [textOf(isTrue), textOf(isFalse)])).toEqual([
    ['Ishmael went to sea; bu', 'Bildads went to sea; bu'],
    ['Ahab, would not go t', 'John, would not go t'],
  ])
  expect(textOf(second.cue)).toBe(
    'l went to sea; but he, said '.padStart(32).replace('    l', 'shmael').slice(-32),
  )
})
