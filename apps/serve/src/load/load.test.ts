import { beforeAll, expect, it } from 'vitest'
import { tinyRun } from '../testing'
import { measureClients } from './clients'
import { describeFinding, isReached, quantile } from './finding'
import { measureKeptMemory } from './kept-memory'
import { LoadServer } from './load-server'
import { measureLongText } from './long-text'
import { measureSmallRequests } from './small-requests'
import { measureThroughput } from './throughput'

let model: string
beforeAll(async () => void (model = await tinyRun()))

it('tells whether what was aimed at is reached', () => {
  const ratio = { what: 'a ratio', value: 3, unit: '×' }
  expect(isReached(ratio)).toBeUndefined()
  expect(isReached({ ...ratio, aim: { least: 4 } })).toBe(false)
  expect(describeFinding({ ...ratio, aim: { most: 4 } })).toBe('a ratio: 3.000 × (at most 4: yes)')
  expect([0.5, 0.99, 1].map((share) => quantile([3, 1, 2, 4], share))).toEqual([2, 4, 4])
})

it('measures a server under load', async () => {
  const server = await LoadServer.start('--model', model)
  try {
    const found = [
      ...(await measureThroughput(server, {
        rows: 2,
        tokens: 4,
        texts: 2,
        textBytes: 64,
        answers: 2,
        longBytes: 100_000,
        turns: 1,
        aim: 4,
      })),
      ...(await measureClients(server, { clients: 60, seconds: 1 })),
      ...(await measureLongText(server, { tokens: 2000, every: 1000 })),
      ...(await measureSmallRequests(server, { requests: 20, clients: 2 })),
    ]
    expect(found.filter(({ value }) => !Number.isFinite(value))).toEqual([])
    const of = (what: string) => found.find((finding) => finding.what === what)!
    expect(of('answers 200').value).toBeGreaterThan(0)
    expect(isReached(of('answers but 200, 429, 503'))).toBe(true)
  } finally {
    await server.stop()
  }
}, 120_000)

it('finds a memory in a new process as it was', async () => {
  const found = await measureKeptMemory({ model, tokens: 500, parameters: [] })
  for (const what of ['bytes of it that differ in a new process', 'answers that differ in a new process'])
    expect(found.find((finding) => finding.what === what)!.value).toBe(0)
  expect(found.find(({ what }) => what.startsWith('tokens read'))!.value).toBe(2)
}, 120_000)
