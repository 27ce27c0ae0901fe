import '@ttt-e2e/kernels/engines'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { expect, it } from 'vitest'
import { microBenchmark } from '../../testing'
import type { Probe } from '../probe'
import { measureProbe } from '../testing'
import { contextsOf } from './contexts'
import { controls } from './index'
import type { ControlsMeasured, ControlsSizes } from './measure'

useEngine('wasm', { threads: 1 })

const sizes: ControlsSizes = { documents: 2, rates: [0.1, 1], texts: 2, trainingLengths: 2 }

it('sweeps rates, shuffles contexts and follows weights, where a system learns', async () => {
  const store = mkdtempSync(join(tmpdir(), 'controls-'))
  const systems = ['ttt-e2e', 'ttt-static', 'ttt-off', 'ttt-naive']
  const task = await measureProbe(controls as Probe, sizes, { benchmark: microBenchmark(), systems, store })
  const results = task.probes.controls as Parameters<NonNullable<typeof controls.table>>[0]
  const of = (name: string) => results.measured.find(({ system }) => system === name)!.value
  expect(of('ttt-e2e').rates.map(({ rate }) => rate)).toEqual([0.1, 1])
  // At its own rate it reads as it always does.
  expect(of('ttt-e2e').rates[1].last).toEqual(of('ttt-e2e').last.slice(0, 2))
  expect(of('ttt-off')).toMatchObject({ rates: [], trace: [] })
  // Without learning nothing beyond the windows' reach makes a difference.
  const { own, another } = of('ttt-off').context
  expect(own.map((nats, n) => nats - another[n])).toEqual([expect.closeTo(0, 5), expect.closeTo(0, 5)])
  const { trace } = of('ttt-e2e')
  expect(trace.map(({ tokens }) => tokens)).toEqual([16, 32])
  for (const { distance, gradient } of trace) {
    expect(distance).toBeGreaterThan(0)
    expect(gradient).toBeGreaterThan(0)
    expect(gradient).toBeLessThan(1.0001)
  }
  expect(controls.table!(results, task).map(({ title }) => title.split(' ')[0])).toEqual([
    'trained',
    'inner',
    'an',
    'weights',
  ])
  expect(controls.figure!(results, task)).toHaveLength(2)
  expect(controls.verdict!(results, task)).toHaveLength(4)
})

it('leaves out what the windows reach back to', () => {
  const documents = [0, 1].map((n) => Int32Array.from({ length: 400 }, (_, i) => 1000 * n + i))
  const { own, another, none, counted } = contextsOf(documents, { layers: 4, window: 8 } as never)
  expect(counted).toBe(64)
  expect(own[0]).toEqual(documents[0])
  expect(none[0]).toEqual(documents[0].subarray(400 - 29 - 64))
  expect([...another[0].subarray(0, 2)]).toEqual([1000, 1001])
  expect(another[0].subarray(-93)).toEqual(none[0])
})

const value = (last: number[], extra: Partial<ControlsMeasured> = {}): ControlsMeasured => ({
  last,
  rates: [],
  context: { own: [1, 1, 1], another: [2, 2.1, 2], none: [2, 2, 2.1] },
  trace: [],
  ...extra,
})

it('says that learning must be trained for, only where it must', () => {
  const verdictOf = (naive: number[]) => {
    const measured = [
      { system: 'ttt-e2e', seed: 0, value: value([1, 1.1, 1]) },
      { system: 'ttt-off', seed: 0, value: value([3, 3, 3.1]) },
      { system: 'ttt-static', seed: 0, value: value([2, 2.1, 2]) },
      { system: 'ttt-naive', seed: 0, value: value(naive, { rates: [{ rate: 0.3, last: naive }] }) },
    ]
    const task = {
      systems: measured.map(({ system }) => ({ name: system })),
      recipe: { training: { length: 1 } },
    } as never
    return controls.verdict!({ measured, summary: controls.summarise(measured, task) }, task)
  }
  expect(verdictOf([2, 2, 2])[1]).toMatch(/best inner rate of the sweep, 0.3: learning must be trained for/)
  expect(verdictOf([0.1, 0.1, 0.1])[1]).toMatch(/need NOT be trained for/)
  expect(verdictOf([2, 2, 2])[2]).toMatch(/a shuffled context removes the gain/)
})
