import '@ttt-e2e/kernels/engines'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom } from '@ttt-e2e/tensor-ops'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { expect, it } from 'vitest'
import { openBenchmark } from '../../tasks'
import { microPreset } from '../../testing'
import type { Probe } from '../probe'
import { measureProbe } from '../testing'
import { tokensOf } from '../text-of'
import { decode } from './index'
import { Judge } from './judge'

useEngine('wasm', { threads: 1 })

const sum = (nats: Float64Array) => nats.reduce((total, each) => total + each, 0)

it('judges text that is like its own more likely than noise, and never impossible', () => {
  const judge = new Judge(3, 257)
  judge.learn(tokensOf('the whale and the sea, the sea and the whale, '.repeat(20)))
  const random = createRandom(1)
  const noise = Int32Array.from({ length: 16 }, () => random.integer(256))
  expect(sum(judge.nats(tokensOf('and the whale an')))).toBeLessThan(16)
  expect(sum(judge.nats(noise))).toBeGreaterThan(40)
  expect(judge.nats(noise).every(Number.isFinite)).toBe(true)
})

it('finds nothing impossible after a long and varied text, and still sums to one', () => {
  const judge = new Judge()
  const random = createRandom(2)
  judge.learn(Int32Array.from({ length: 40_000 }, () => Math.floor(256 * random.uniform() ** 2)))
  const text = Int32Array.from({ length: 5000 }, () => random.integer(257))
  expect(judge.nats(text).every(Number.isFinite)).toBe(true)
  const before = Array.from(text.subarray(0, 5))
  const total = Array.from({ length: 257 }, (_, next) => Math.exp(-judge.nats([...before, next])[5]))
  expect(total.reduce((sum, mass) => sum + mass)).toBeCloseTo(1, 9)
})

it('gives probabilities that sum to one', () => {
  const judge = new Judge(2, 5)
  judge.learn([0, 1, 2, 0, 1, 3, 0, 1, 2])
  const total = [0, 1, 2, 3, 4].reduce((mass, token) => mass + Math.exp(-judge.nats([0, 1, token])[2]), 0)
  expect(total).toBeCloseTo(1, 9)
})

it('scores what systems write after a prompt, the same with the same seed', async () => {
  const sizes = { documents: 2, prompt: 16, generated: 8, judged: 2000 }
  const systems = ['ttt-e2e', 'swa']
  const benchmark = openBenchmark('books', 'micro', microPreset)
  const measure = () => {
    const store = mkdtempSync(join(tmpdir(), 'decode-'))
    return measureProbe(decode as Probe, sizes, { benchmark, systems, store })
  }
  const task = await measure()
  const results = task.probes.decode as Parameters<NonNullable<typeof decode.table>>[0]
  expect(results.measured[0].value.map(({ nats }) => nats.length)).toEqual([16, 16])
  expect(Object.keys(results.summary.differences)).toEqual(['swa'])
  expect(decode.table!(results, task)[0].rows).toHaveLength(3)
  expect(decode.figure!(results, task)).toMatchObject({ legend: [{}, {}, { name: 'the books themselves' }] })
  expect(decode.verdict!(results, task)[0]).toMatch(/^Text that ttt-e2e writes .* swa/)
  expect((await measure()).probes).toEqual(task.probes)
})
