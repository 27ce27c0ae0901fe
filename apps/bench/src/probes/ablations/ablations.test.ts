import '@ttt-e2e/kernels/engines'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { expect, it } from 'vitest'
import { microBenchmark } from '../../testing'
import type { Probe } from '../probe'
import { mean } from '../mean'
import { measureProbe } from '../testing'
import { ablations } from './index'
import { variantsOf } from './measure'

useEngine('wasm', { threads: 1 })

it('changes one thing at a time', async () => {
  const store = mkdtempSync(join(tmpdir(), 'ablations-'))
  const benchmark = microBenchmark()
  const sizes = { batch: 1, steps: 1, documents: 2 }
  const task = await measureProbe(ablations as Probe, sizes, { benchmark, systems: ['ttt-e2e'], store })
  const results = task.probes.ablations as Parameters<NonNullable<typeof ablations.table>>[0]
  const names = variantsOf(benchmark.recipe.size).map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(results.summary.variants.map(({ name }) => name)).toEqual(names)
  expect(results.summary.variants[0]).not.toHaveProperty('difference')
  const [base] = results.measured[0].value
  expect(results.summary.variants[0].learned!.mean).toBeCloseTo(mean(base.last) - mean(base.lastOff!))
  expect(results.summary.variants[0].learned!.mean).not.toBe(0)
  expect(results.summary.variants.at(-1)).not.toHaveProperty('learned')
  expect(ablations.table!(results, task)[0].rows).toHaveLength(names.length)
  expect(ablations.verdict!(results, task)).toHaveLength(2)
})
