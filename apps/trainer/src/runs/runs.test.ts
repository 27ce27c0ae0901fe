import type { MetricsLine, StepLine } from '@ttt-e2e/training'
import { lockFolder } from '@ttt-e2e/tensor-ops/files'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { comparisonPage, runPage } from '../report/run-page'
import { compareRuns } from './compare-runs'
import { findRuns, runsTable } from './list-runs'
import { readRun } from './read-run'
import { differentSettings, settingsOf } from './settings'

let root: string
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'runs-'))))

const step = (number: number, loss: number, more: Partial<StepLine> = {}): StepLine => ({
  kind: 'step',
  step: number,
  loss,
  firstChunk: loss,
  lastChunk: loss,
  gradientNorm: 1,
  innerNorm: 0.5,
  learningRate: 1e-3,
  innerRate: 1,
  byEighth: Array.from({ length: 8 }, (_, i) => loss - i / 100),
  clippedShare: 0.25,
  tokens: 100,
  seconds: 0.5,
  residentBytes: 3 * 2 ** 20,
  engineBytes: 2 ** 20,
  flopShare: 0.5,
  ...more,
})

const heldOut = (number: number, loss: number): MetricsLine => ({
  kind: 'held-out',
  step: number,
  loss,
  byPlace: [{ from: 0, to: 64, loss }],
})

function write(name: string, ...lines: MetricsLine[]): string {
  const folder = join(root, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'metrics.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return folder
}

const stateOf = (folder: string) => readRun(folder).state

it('tells how a run stands by its lock and its metrics', () => {
  const folder = write('run', step(1, 2))
  expect(stateOf(folder)).toBe('stopped')
  const release = lockFolder(folder)
  expect(stateOf(folder)).toBe('running')
  release()
  // No process has such an id: what a killed one leaves.
  writeFileSync(join(folder, '.lock'), JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }))
  expect(stateOf(folder)).toBe('crashed')
  const failed = write('failed', step(1, 2), { kind: 'failed', step: 1, reason: 'the loss is <not> finite' })
  expect(stateOf(failed)).toBe('failed')
  expect(runPage(readRun(failed))).toContain('<p class="stopped">the loss is &lt;not&gt; finite</p>')
})

it('lists the runs below a folder with their losses, speed and age', () => {
  write('a', step(1, 2), step(2, 4, { seconds: 1 }), heldOut(2, 2.5))
  write('deep/er/b', step(1, 1))
  const runs = findRuns(root)
  expect(runs.map(({ folder }) => folder.slice(root.length + 1)).sort()).toEqual(['a', 'deep/er/b'])
  const table = runsTable(runs, root, runs[0].writtenAt + 90)
  // 200 tokens in 1.5 seconds.
  const row = table.rows.find(([name]) => name === 'a')!
  expect(row.slice(0, 6)).toEqual(['a', 'stopped', '2', '3.000', '2.500', '133'])
  expect(row[6]).toMatch(/^1:3\d min ago$/)
  expect(() => findRuns(join(root, 'none'))).toThrow(/^there is no folder '.*none'/)
  mkdirSync(join(root, 'empty'))
  expect(() => findRuns(join(root, 'empty'))).toThrow(/^there is no run in '.*empty'/)
  expect(() => readRun(join(root, 'empty'))).toThrow(/holds no run: it has no metrics.jsonl/)
})

it('compares two runs where both have been', () => {
  const [a, b] = [
    write('a', step(1, 4), step(2, 2), heldOut(2, 3)),
    write('b', step(1, 4), step(2, 3), step(3, 1), heldOut(2, 2.5), heldOut(3, 2.75)),
  ].map(readRun)
  const [, end, curves] = compareRuns(a, b)
  const rows = new Map(end.rows.map(([what, ...values]) => [what, values]))
  expect(rows.get('steps')).toEqual(['2', '3', ''])
  expect(rows.get('held-out loss, last')).toEqual(['3.000', '2.750', '−0.250'])
  expect(rows.get('held-out loss, best')).toEqual(['3.000', '2.500', '−0.500'])
  expect(rows.get('held-out, tokens 1 to 64')).toEqual(['3.000', '2.750', '−0.250'])
  expect(curves.rows).toEqual([
    ['1–1', '4.000', '4.000', '+0.000'],
    ['2–2', '2.000', '3.000', '+1.000'],
  ])
  const page = comparisonPage(a, b)
  expect(page).toContain('b, held-out')
  expect(page).not.toContain('eighth 2')
})

it('finds settings that differ, by their paths', () => {
  expect(settingsOf({ a: { b: 1, c: [1, 2] }, d: 'x', e: undefined })).toEqual([
    ['a.b', '1'],
    ['a.c', '[1,2]'],
    ['d', 'x'],
  ])
  expect(differentSettings({ a: 1, b: 2 }, { a: 1, b: 3, c: null })).toEqual([
    ['b', '2', '3'],
    ['c', '', 'null'],
  ])
})

it('draws every curve of a run on a page that needs nothing else', () => {
  const page = runPage(readRun(write('a', step(1, 2), step(2, 1), heldOut(2, 1.5))))
  for (const title of ['Loss', 'Loss by eighth of the sequence', 'Gradient norms', 'Clipped chunks', 'Speed'])
    expect(page).toContain(`<h4>${title}</h4>`)
  for (const title of ['Share of the FLOP limit', 'Memory']) expect(page).toContain(`<h4>${title}</h4>`)
  expect(page).toContain('eighth 8')
  expect(page).not.toMatch(/<script|<link|<img|https?:\/\/(?!www\.w3\.org)|NaN|undefined/)

  // A run from before these were written down, of a system that doesn't learn.
  const newer = new Set(['byEighth', 'clippedShare', 'tokens', 'residentBytes', 'engineBytes', 'flopShare'])
  const before = Object.fromEntries(Object.entries(step(1, 2)).filter(([name]) => !newer.has(name)))
  const old = runPage(readRun(write('old', { ...(before as unknown as StepLine), innerNorm: 0 }, step(2, 1))))
  expect(old).not.toMatch(/NaN|undefined/)
})
