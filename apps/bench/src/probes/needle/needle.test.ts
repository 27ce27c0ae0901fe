import '@ttt-e2e/kernels/engines'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { expect, it } from 'vitest'
import { microBenchmark } from '../../testing'
import type { Probe } from '../probe'
import { measureProbe } from '../testing'
import { needle } from './index'
import type { NeedleMeasured } from './measure'
import type { NeedleSizes } from './sizes'
import { insideShare } from './summarise'

useEngine('wasm', { threads: 1 })

const sizes: NeedleSizes = {
  hiddenSize: 8,
  length: 32,
  batch: 1,
  steps: 2,
  multiples: [1, 2],
  documents: 2,
}

it('looks for needles inside and outside the window, with all that read with a run', async () => {
  const store = mkdtempSync(join(tmpdir(), 'needle-'))
  const systems = ['ttt-e2e', 'full-attention', 'ttt-off']
  const task = await measureProbe(needle as Probe, sizes, { benchmark: microBenchmark(), systems, store })
  const results = task.probes.needle as Parameters<NonNullable<typeof needle.table>>[0]
  expect(Object.keys(results.summary.recall)).toEqual(systems)
  const [{ value }] = results.measured
  const [{ cells }] = value.recalled
  expect(cells.map(({ kind, multiple, place }) => `${kind} ${multiple} ${place}`)).toEqual(
    ['pass-key', 'number', 'uuid'].flatMap((kind) => [
      `${kind} 1 inside`,
      `${kind} 2 inside`,
      `${kind} 2 outside`,
    ]),
  )
  expect(needle.table!(results, task)).toHaveLength(6)
  expect(needle.figure!(results, task)).toMatchObject({ title: 'Needles recalled by context' })
  expect(needle.verdict!(results, task).at(-1)).toMatch(/^Not converged on needles: ttt-e2e \(2 steps/)
})

const told = (share: { inside: number; outside: number }) => {
  const cell = (place: 'inside' | 'outside') => ({
    kind: 'number' as const,
    multiple: 4,
    place,
    right: Math.round(100 * share[place]),
    documents: 100,
  })
  const value: NeedleMeasured = {
    window: 16,
    length: 64,
    layers: 2,
    steps: 9,
    converged: true,
    verdict: '',
    recalled: [{ system: 'ttt-e2e', cells: [cell('inside'), cell('outside')] }],
  }
  const measured = [{ system: 'ttt-e2e', seed: 0, value }]
  const task = { systems: [{ name: 'ttt-e2e' }] } as Parameters<typeof needle.summarise>[1]
  return needle.verdict!({ measured, summary: needle.summarise(measured, task) }, task)
}

it('says what the numbers say of what has left the window', () => {
  expect(told({ inside: 0.98, outside: 0.02 })[0]).toMatch(
    /98 % .* inside .* 2 % .* is not what it does here/,
  )
  expect(told({ inside: 0.5, outside: 0.5 })[0]).toMatch(/NOT recalled less often/)
})

it('knows how many needles are inside the window where they may be anywhere', () => {
  expect(insideShare({ kind: 'number', multiple: 1 }, 16)).toBe(1)
  expect(insideShare({ kind: 'number', multiple: 16 }, 16)).toBeCloseTo(10 / 245)
})
