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
import { notepadAndBrain } from './index'
import { Notepad } from './notepad'

useEngine('wasm', { threads: 1 })

it('looks up the passage whose words are asked for', () => {
  const text =
    'the cook had two kettles. a whale was seen at noon. the mate slept in his bunk all day long, as ever.'
  const notepad = new Notepad(tokensOf(text), 32)
  expect(textOf(notepad.find(tokensOf('when was the whale seen'))!)).toContain('whale was seen')
  expect(notepad.find(tokensOf('zzz'))).toBeUndefined()
})

it('asks all four ways of a system that learns, two of one that does not', async () => {
  const store = mkdtempSync(join(tmpdir(), 'notepad-'))
  const { books } = microPreset
  const { recipe } = books
  const evaluation = { ...recipe.evaluation, length: 320 }
  const size = { ...recipe.size, window: 4, chunk: 32 }
  const benchmark = openBenchmark('books', 'micro', {
    ...microPreset,
    books: { ...books, recipe: { ...recipe, size, evaluation } },
  })
  const sizes = { documents: 2, trainingLengths: 6, details: 2, pieces: 2 }
  const systems = ['ttt-e2e', 'swa']
  const task = await measureProbe(notepadAndBrain as Probe, sizes, { benchmark, systems, store })
  const results = task.probes['notepad-and-brain'] as Parameters<NonNullable<typeof notepadAndBrain.table>>[0]
  expect(Object.keys(results.summary['ttt-e2e'].loss)).toEqual(['neither', 'notepad', 'brain', 'both'])
  expect(Object.keys(results.summary.swa.details)).toEqual(['neither', 'notepad'])
  const { neither, brain } = results.summary['ttt-e2e'].loss
  expect(brain!.nats).not.toBe(neither!.nats)
  expect(notepadAndBrain.table!(results, task).map(({ rows }) => rows.length)).toEqual([2, 2])
  expect(notepadAndBrain.verdict!(results, task)).toHaveLength(2)
})
