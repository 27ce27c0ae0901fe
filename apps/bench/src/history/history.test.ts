import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Results } from '../experiment/results'
import type { Probe } from '../probes/probe'
import { keepSpeeds, readHistory, type HistoryLine } from './history-file'
import { reportHistory } from './index'

const folder = mkdtempSync(join(tmpdir(), 'history-'))

const line = (gitHash: string, seconds: Record<string, number>, conditions = 'a machine'): HistoryLine => ({
  at: '2026-01-01T00:00:00Z',
  gitHash,
  conditions,
  seconds,
})

it('sets the last run against the median of those before it, under the same conditions', () => {
  const lines = [
    line('aaaaaaaaa', { reading: 1, step: 1 }),
    line('bbbbbbbbb', { reading: 3, step: 1 }),
    line('bbbbbbbbb', { reading: 100, step: 100 }, 'another'),
    line('ccccccccc (modified)', { reading: 2.5, step: 1.1, more: 1 }),
  ]
  const { tables, slower } = reportHistory(lines, 0.2)
  expect(tables[0].columns).toEqual([
    'work',
    'aaaaaaa',
    'bbbbbbb',
    'ccccccc*',
    'last against the median before',
  ])
  expect(tables[0].rows).toEqual([
    ['reading', '1.00', '3.00', '2.50', '+25.0 %'],
    ['step', '1.00', '1.00', '1.10', '+10.0 %'],
    ['more', '–', '–', '1.00', '–'],
  ])
  expect(slower).toEqual(['reading takes +25.0 % of the 2 before it: 2.50 s'])
  expect(reportHistory(lines, 0.3).slower).toEqual([])
})

it('keeps the speeds of a run once', () => {
  const path = join(folder, 'runs/history.jsonl')
  const probe = { name: 'clock', speeds: () => ({ tick: 0.5 }) } as unknown as Probe
  const results = {
    machine: { processor: 'P', cores: 2 },
    engine: { line: 'engine: wasm' },
    options: { presetName: 'quick' },
    gitHash: null,
    finishedAt: '2026-01-01',
    tasks: [{ name: 'books', probes: { clock: { measured: [], summary: {} } } }],
  } as unknown as Results
  for (const each of [results, { ...results, finishedAt: 'later' }]) keepSpeeds(path, each, [probe])
  expect(readHistory(path)).toEqual([
    {
      at: '2026-01-01',
      gitHash: null,
      conditions: 'P · 2 cores · engine: wasm · preset quick',
      seconds: { 'books · tick': 0.5 },
    },
  ])
  writeFileSync(path, `${readFileSync(path, 'utf8')}{"at": "cut o`)
  expect(readHistory(path)).toHaveLength(1)
  writeFileSync(path, 'nonsense\n')
  expect(() => readHistory(path)).toThrow(/^line 1 of '.*history.jsonl' is not one of the bench's history/)
})
