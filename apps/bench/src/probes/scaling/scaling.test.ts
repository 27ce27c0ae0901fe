import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { expect, it } from 'vitest'
import { microBenchmark } from '../../testing'
import type { Probe } from '../probe'
import { measureProbe } from '../testing'
import { scaling } from './index'
import type { ScaledModel } from './measure'

it('trains sizes by budgets', async () => {
  await resolveEngine('cpu')
  const store = mkdtempSync(join(tmpdir(), 'scaling-'))
  const sizes = { hiddenSizes: [4, 8], steps: [1, 2], batch: 1, documents: 2 }
  const systems = ['ttt-e2e', 'swa']
  const task = await measureProbe(scaling as Probe, sizes, { benchmark: microBenchmark(), systems, store })
  const { summary } = task.probes.scaling as Parameters<NonNullable<typeof scaling.table>>[0]
  expect(summary.systems[0].models.map(({ hiddenSize, tokens }) => [hiddenSize, tokens])).toEqual([
    [4, 16],
    [4, 32],
    [8, 16],
    [8, 32],
  ])
  expect(Object.keys(summary.slopes)).toEqual(['swa'])
})

/** Losses that fall by `slope` nats with each doubling of tokens and by half of it with each of parameters. */
const models = (slope: number): ScaledModel[] =>
  [1, 2].flatMap((size) =>
    [1, 2, 4].map((tokens) => ({
      hiddenSize: size,
      parameters: size,
      how: { steps: tokens, tokens, converged: true, verdict: '' },
      documents: [0, 1, 2].map((d) => 3 + 0.1 * d - slope * (Math.log2(tokens) + 0.5 * Math.log2(size))),
    })),
  )

it('tells parallel lines from others', () => {
  const against = (slope: number) => {
    const measured = [
      { system: 'ttt-e2e', seed: 0, value: models(0.5) },
      { system: 'swa', seed: 0, value: models(slope) },
    ]
    const summary = scaling.summarise(measured, {} as never)
    return { summary, verdict: scaling.verdict!({ measured, summary }, {} as never) }
  }
  expect(against(0.3).summary.slopes.swa.tokens!.mean).toBeCloseTo(-0.2)
  expect(against(0.3).summary.slopes.swa.size!.mean).toBeCloseTo(-0.1)
  expect(against(0.3).verdict[0]).toMatch(/its lead grows/)
  expect(against(0.7).verdict[0]).toMatch(/does NOT grow/)
  expect(against(0.5).verdict[0]).toMatch(/parallel as far as this can tell/)
})
