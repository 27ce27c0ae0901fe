import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { expect, it } from 'vitest'
import { microBenchmark } from '../../testing'
import type { Probe } from '../probe'
import { measureProbe } from '../testing'
import { twoStage } from './index'

it('extends what was trained short, and trains long on as many tokens', async () => {
  await resolveEngine('cpu')
  const store = mkdtempSync(join(tmpdir(), 'two-stage-'))
  const sizes = { batch: 1, steps: 2, extension: 1, shorter: 2, documents: 2 }
  const systems = ['ttt-e2e', 'swa']
  const task = await measureProbe(twoStage as Probe, sizes, { benchmark: microBenchmark(), systems, store })
  const results = task.probes['two-stage'] as Parameters<NonNullable<typeof twoStage.table>>[0]
  const [ours, ...others] = results.summary.systems
  expect(others).toEqual([])
  expect(ours.tokens).toEqual([32, 48, 48])
  expect(ours.loss[0]).not.toBe(ours.loss[1])
  expect(twoStage.table!(results, task)[0].rows).toHaveLength(1)
  expect(twoStage.verdict!(results, task)[0]).toMatch(/^ttt-e2e trained short and extended is .* nats/)
})
