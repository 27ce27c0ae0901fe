import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { beforeAll, describe, expect, it } from 'vitest'
import { convergenceRule } from '../experiment/convergence'
import { placeMeasurements } from '../experiment/place-measurements'
import type { Results } from '../experiment/results'
import { startResults } from '../experiment/start-results'
import { ownProbes } from '../probes'
import { lossByIndex } from '../probes/loss-by-index'
import { latency } from '../probes/latency'
import { training } from '../probes/training'
import { microBenchmark, microPreset } from '../testing'
import { comparisonTable } from './comparison-table'
import { formatHtml } from './html'
import { formatResults } from './text'

beforeAll(() => resolveEngine('cpu'))

/** TTT-E2E ahead of swa on every document, behind full attention. */
function results(): Results {
  const task = startResults(microBenchmark(), ['ttt-e2e', 'swa', 'full-attention'])
  task.title = 'a <task> & more'
  task.systems.forEach(({ name }, place) => {
    const nats = [1.2, 1.3, 1.0][place]
    const run = { steps: 4, plannedSteps: 4, tokens: 128, seconds: 1, curve: [3, 2, 1, 1] }
    const value = { ...run, converged: place === 0, verdict: 'as it is' }
    placeMeasurements(task, training, [{ system: name, seed: 0, value }])
    const perDocument = [[nats], [nats + 0.5], [nats + 0.25]]
    placeMeasurements(task, lossByIndex, [{ system: name, seed: 0, value: perDocument }])
    const same = [[0.1, 0.1]]
    const timed = { contexts: [64, 128], reading: same, readingCpu: same, decoding: same, stateBytes: [8, 8] }
    placeMeasurements(task, latency, [{ system: name, value: timed }])
  })
  return {
    schemaVersion: 2,
    startedAt: '',
    finishedAt: '',
    interrupted: false,
    options: {
      presetName: 'micro',
      preset: microPreset,
      systems: [],
      seeds: 1,
      trained: true,
      probes: {},
      shares: { workers: 2, threads: 1 },
    },
    engine: { name: 'cpu', description: '', precision: 'f32', line: 'engine: cpu' },
    machine: {},
    versions: {},
    gitHash: null,
    convergenceRule,
    tasks: [task],
  }
}

describe('the report', () => {
  it('is one page that needs nothing else', () => {
    const page = formatHtml(results(), ownProbes)
    expect(page.match(/<figure>/g)).toHaveLength(4)
    expect(page.match(/<svg[^>]*viewBox/g)).toHaveLength(5)
    expect(page).not.toMatch(/<script|<link|<img|https?:\/\/(?!www\.w3\.org)/)
    expect(page).toContain('a &lt;task&gt; &amp; more')
    expect(page).not.toContain('NaN')
    expect(page).toContain('limit of full memory')
    expect(page).toContain('2 runs side by side, each in a process of its own')
  })

  it('says plainly where TTT-E2E wins and where it does not', () => {
    const text = formatResults(results(), ownProbes)
    expect(text).toContain('ttt-e2e beats swa: −0.100 nats (95 % interval −0.100 to −0.100)')
    expect(text).toContain('ttt-e2e does NOT beat full-attention, it is behind: +0.200 nats')
    expect(text).toContain('full-attention is not converged after 4 steps')
    expect(text).toContain('how it extrapolates')
  })

  it('sets the systems side by side, the best first', () => {
    const { tasks } = results()
    const [table] = comparisonTable(tasks[0])
    const columns = ['system', 'loss at 0–64', 'trained', 'reading, ms', 'decoding, ms', 'state']
    expect(table.columns).toEqual(columns)
    expect(table.rows.map(([name, loss, trained]) => [name, loss, trained])).toEqual([
      ['full-attention', '1.250 (1.000 to 1.500)', 'not converged after 4 steps'],
      ['ttt-e2e', '1.450 (1.200 to 1.700)', 'converged'],
      ['swa', '1.550 (1.300 to 1.800)', 'not converged after 4 steps'],
    ])
    expect(table.rows[0].slice(3)).toEqual(['100', '100', '8 B'])
    delete tasks[0].probes[latency.name]
    delete tasks[0].probes[training.name]
    expect(comparisonTable(tasks[0])).toEqual([])
  })
})
