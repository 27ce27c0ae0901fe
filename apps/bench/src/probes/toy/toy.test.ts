import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { expect, it } from 'vitest'
import { microBenchmark } from '../../testing'
import type { Probe } from '../probe'
import { measureProbe } from '../testing'
import { toy } from './index'
import type { ToyLine } from './measure'

it('trains blocks without attention at both chunks, and one system with it', async () => {
  await resolveEngine('cpu')
  const store = mkdtempSync(join(tmpdir(), 'toy-'))
  const sizes = { hiddenSize: 4, batch: 1, steps: 1, documents: 2 }
  const options = { benchmark: microBenchmark(), systems: ['swa'], store }
  const task = await measureProbe({ ...toy, systems: () => ['ttt-static', 'swa'] } as Probe, sizes, options)
  const results = task.probes.toy as Parameters<NonNullable<typeof toy.table>>[0]
  const { lines } = results.summary
  expect(lines.map(({ name }) => name)).toEqual(['ttt-naive, chunk 1', 'ttt-naive, chunk 16', 'bigram'])
  expect(lines.map(({ byIndex }) => byIndex.length)).toEqual([128, 128, 128])
  expect(toy.table!(results, task)[0].rows).toHaveLength(3)
  expect(toy.verdict!(results, task).at(-1)).toMatch(/^Not converged: .*bigram/)
  expect(toy.figure!(results, task)).toMatchObject({ legend: [{}, {}, { name: 'bigram' }] })
})

it('measures the saw-tooth', () => {
  const byIndex = Array.from({ length: 128 }, (_, i) => 1 + (i % 16) / 16)
  const how = { steps: 1, tokens: 1, converged: true, verdict: '' }
  const line = (name: string, chunk: number, nats: number[], documents: number[]): ToyLine => ({
    name,
    chunk,
    how,
    documents,
    byIndex: nats,
  })
  const measured = [
    {
      system: 'ttt-e2e',
      seed: 0,
      value: [
        line('ttt-e2e, chunk 16', 16, byIndex, [1, 1.1, 1]),
        line('ttt-e2e, chunk 1', 1, byIndex, [1, 1.1, 1]),
      ],
    },
    {
      system: 'swa',
      seed: 0,
      value: [
        line(
          'bigram',
          1,
          byIndex.map(() => 2),
          [2, 2, 2.1],
        ),
      ],
    },
  ]
  const summary = toy.summarise(measured, {} as never)
  expect(summary.lines[0].rise).toBeCloseTo(12 / 16)
  expect(summary.lines[0].againstBigram!.high).toBeLessThan(0)
  expect(toy.verdict!({ measured, summary }, {} as never).at(-1)).toMatch(
    /rises within a chunk, by 0.750 nats/,
  )
})
