import { afterEach, beforeAll, expect, it, vi } from 'vitest'
import type { Model } from '@ttt-e2e/checkpoint'
import { testApp, tinyModel, type TestApp } from '../testing'
import { RamStore } from './store/ram/ram-store'

let model: Model
let test: TestApp
beforeAll(async () => void (model = await tinyModel()))
afterEach(() => test.services.dispose())

const text = 'The sea keeps what it takes. '
const json = async (response: Response | Promise<Response>) => (await response).json()

it('holds so many memories and no more', async () => {
  test = testApp(model, { limits: { memories: 2 } })
  const answers = await Promise.all([1, 2, 3].map(() => test.request('POST', '/v1/memories', { text })))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 429])
  const [{ id }] = await test.service.memories.list()
  const refused = await test.request('POST', `/v1/memories/${id}/fork`)
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBeNull()
  await test.request('DELETE', `/v1/memories/${id}`)
  expect((await test.request('POST', '/v1/memories', { text })).status).toBe(201)
})

it('holds so many bytes and no more', async () => {
  test = testApp(model, { limits: { memoryBytes: 25_000 } })
  const { id, bytes } = await json(test.request('POST', '/v1/memories', { text }))
  expect(await test.value('memory_bytes')).toBe(bytes)
  await test.request('POST', `/v1/memories/${id}/fork`)
  const refused = await test.request('POST', '/v1/memories', { text })
  expect(refused.status).toBe(413)
  expect((await refused.json()).error.code).toBe('memories_too_large')
  expect((await test.request('POST', `/v1/memories/${id}/fork`)).status).toBe(413)
  expect((await test.request('POST', `/v1/memories/${id}/read`, { text })).status).toBe(200)
  expect(await test.service.memories.list()).toHaveLength(2)
})

it('lets one write to a memory at a time, and others read it meanwhile', async () => {
  test = testApp(model)
  const { id } = await json(test.request('POST', '/v1/memories', { text }))
  const claim = await test.service.memories.claim({ id })
  const busy = await test.request('POST', `/v1/memories/${id}/read`, { text })
  expect(busy.status).toBe(409)
  const completion = { prompt: 'It ', memory: id, max_tokens: 1 }
  expect((await test.request('POST', '/v1/completions', completion)).status).toBe(200)
  expect((await test.request('POST', '/v1/completions', { ...completion, update: true })).status).toBe(409)
  claim.release()
  expect((await test.request('POST', `/v1/memories/${id}/read`, { text })).status).toBe(200)
})

it('counts room for one while another forgets a memory', async () => {
  const store = new RamStore()
  test = testApp(model, { store })
  const { memories } = test.service
  const [one, other] = await Promise.all(
    [1, 2].map(() => json(test.request('POST', '/v1/memories', { text }))),
  )
  const claim = await memories.claim({ id: one.id })
  const get = store.get.bind(store)
  vi.spyOn(store, 'get').mockImplementationOnce(async (id) => {
    await memories.delete(other.id)
    return get(id)
  })
  await expect(claim.hold(10)).resolves.toBeUndefined()
  claim.release()
})
