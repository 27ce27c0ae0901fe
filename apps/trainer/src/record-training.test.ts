import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listCheckpoints } from '@ttt-e2e/checkpoint'
import { expect, it, vi } from 'vitest'
import { readOptions, type RawOptions } from './options'
import { findRuns } from './runs/list-runs'
import { metricsOf, microSettings } from './testing'
import { trainer } from './trainer'

const root = mkdtempSync(join(tmpdir(), 'record-'))
const settings = microSettings.filter((each) => each !== '--set')
const out = join(root, 'run')

async function train(more: Partial<RawOptions>): Promise<number> {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    return await trainer(readOptions({ engine: 'wasm', threads: '1', set: [], ...more }, root), root)
  } finally {
    vi.restoreAllMocks()
  }
}

const eventFiles = () => readdirSync(out).filter((name) => name.startsWith('events.out.tfevents.'))
const eventBytes = () => eventFiles().map((name) => readFileSync(join(out, name)).length)

it('keeps report and events of a run that goes on without doubles', async () => {
  const recipe = { recipe: 'tiny/languages', out, saveEvery: '2' }
  const all = [...settings, 'training.optimizer.schedule.steps=4', 'evaluation.every=2']
  expect(await train({ ...recipe, set: all })).toBe(0)
  const whole = metricsOf(out)
  const bytes = eventBytes()
  expect(bytes).toHaveLength(1)
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('<td>done</td>')

  // What was done after step 2 is done once more.
  rmSync(listCheckpoints(out)[1], { recursive: true })
  rmSync(join(out, 'report.html'))
  expect(await train({ resume: out })).toBe(0)
  expect(metricsOf(out)).toEqual(whole)
  expect(eventBytes()).toEqual(bytes)
  expect(existsSync(join(out, 'report.html'))).toBe(true)

  const [run] = findRuns(root)
  expect([run.state, run.steps.length, run.heldOut.length]).toEqual(['done', 4, 2])
  const [{ clippedShare, byEighth, flopShare, residentBytes }] = run.steps
  expect(clippedShare).toBeGreaterThanOrEqual(0)
  expect(byEighth!.length).toBeGreaterThan(1)
  expect(flopShare).toBeGreaterThan(0)
  expect(residentBytes).toBeGreaterThan(1e6)
})
