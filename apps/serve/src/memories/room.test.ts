import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, it } from 'vitest'
import type { Model } from '@ttt-e2e/checkpoint'
import { liveTensors } from '@ttt-e2e/tensor-ops'
import { testApp, tinyModel, type TestApp } from '../testing'
import { FilesStore } from './store/files/files-store'

let model: Model
let test: TestApp
beforeAll(async () => void (model = await tinyModel()))
afterEach(async () => {
  test.services.dispose()
  await test.services.store.close()
})

const stored = () => new FilesStore(mkdtempSync(join(tmpdir(), 'room-')))
const made = async (text: string) => (await (await test.request('POST', '/v1/memories', { text })).json()).id
const question = (memory: string) => ({ prompt: 'It ', memory, max_tokens: 6, temperature: 0 })
const answer = async (memory: string) =>
  (await (await test.request('POST', '/v1/completions', question(memory))).json()).choices

it('brings back from the store what is too much for RAM, and answers as before', async () => {
  test = testApp(model, { store: stored(), limits: { liveBytes: 1, prefixes: 0 } })
  const first = await made('The sea keeps what it takes. ')
  const live = liveTensors()
  const before = await answer(first)
  const second = await made('Nothing of it is true. ')
  // One is at hand, whichever was used last.
  expect(liveTensors()).toBe(live)
  expect(await answer(first)).toEqual(before)
  expect(await answer(second)).not.toEqual(before)
  expect(liveTensors()).toBe(live)
})

it('makes room in a store that is too full: what was used longest ago goes, what is pinned stays', async () => {
  const store = stored()
  test = testApp(model, { store, limits: { storeBytes: 60_000 } })
  const [pinned, oldest, used] = [await made('One.'), await made('Two.'), await made('Three.')]
  await test.request('POST', `/v1/memories/${pinned}/settings`, { pinned: true })
  for (const [id, used_] of [
    [pinned, '2026-01-01T00:00:00.000Z'],
    [oldest, '2026-01-02T00:00:00.000Z'],
    [used, '2026-01-03T00:00:00.000Z'],
  ])
    await store.touch(id, used_)
  const { stored: held } = await store.usage()
  let evicted = 0
  while (evicted === 0) {
    await made('More.')
    evicted = await test.value('memories_evicted_total')
  }
  expect(held).toBeLessThanOrEqual(60_000)
  expect((await store.usage()).stored).toBeLessThanOrEqual(60_000)
  const status = async (id: string) => (await test.request('GET', `/v1/memories/${id}`)).status
  expect([await status(pinned), await status(oldest), await status(used)]).toEqual([200, 404, 200])
})

it('forgets what has expired', async () => {
  const store = stored()
  test = testApp(model, { store })
  const id = await made('The sea.')
  const record = (await store.get(id))!
  await store.put({ ...record, version: 2, expires: new Date(Date.now() - 1000).toISOString() })
  expect((await test.request('GET', `/v1/memories/${id}`)).status).toBe(404)
  expect(await test.service.memories.list()).toEqual([])
  expect(await store.get(id)).toBeDefined()
  // The next server to write looks for what has expired.
  const next = testApp(model, { store })
  await next.request('POST', '/v1/memories', { text: 'Another.' })
  expect(await store.get(id)).toBeUndefined()
  next.services.dispose()
})
