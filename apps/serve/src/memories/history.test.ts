import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { liveTensors } from '@ttt-e2e/tensor-ops'
import { testApp, tinyModel, type TestApp } from '../testing'

let test: TestApp
beforeAll(async () => void (test = testApp(await tinyModel())))
afterAll(() => test.services.dispose())

const sea = 'The sea keeps what it takes, and gives back what it will. '
const ask = async (method: string, path: string, body?: unknown) => {
  const answer = await test.request(method, path, body)
  return { status: answer.status, ...(await answer.json()) }
}

it('tells how reading went, and what moved the weights most', async () => {
  const live = liveTensors()
  const { id } = await ask('POST', '/v1/memories', { text: sea.repeat(5), passages: true })
  const { losses, passages } = await ask('GET', `/v1/memories/${id}/events`)
  expect(losses.map(({ tokens }: { tokens: number }) => tokens).reduce((a: number, b: number) => a + b)).toBe(
    290,
  )
  expect(losses[1]).toEqual({ from: 32, tokens: 32, loss: expect.any(Number) })
  expect(passages.map(({ tokens }: { tokens: number }) => tokens)).toEqual([128, 128, 34])
  for (const { moved, loss, from, text } of passages) {
    expect(moved).toBeGreaterThan(0)
    expect(loss).toBeGreaterThan(0)
    expect(sea.repeat(5).slice(from)).toMatch(new RegExp(`^${text.slice(0, 40)}`))
  }
  const { id: quiet } = await ask('POST', '/v1/memories', { text: sea })
  expect((await ask('GET', `/v1/memories/${quiet}/events`)).passages).toEqual([])
  for (const each of [id, quiet]) await ask('DELETE', `/v1/memories/${each}`)
  expect(liveTensors()).toBe(live)
})

it('knows what was read by its hash, forks too', async () => {
  const { id } = await ask('POST', '/v1/memories', { text: sea })
  await ask('POST', '/v1/completions', {
    prompt: 'It ',
    memory: id,
    update: true,
    max_tokens: 4,
    ignore_eos: true,
  })
  const { id: fork } = await ask('POST', `/v1/memories/${id}/fork`)
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  expect((await ask('GET', `/v1/memories/${fork}/provenance`)).data).toMatchObject([
    { kind: 'text', sha256: hash(sea), tokens: 58 },
    { kind: 'completion', sha256: hash('It '), tokens: 7 },
  ])
})

it('says how far apart two memories are', async () => {
  const { id } = await ask('POST', '/v1/memories', { text: sea })
  const { id: fork } = await ask('POST', `/v1/memories/${id}/fork`)
  expect(await ask('GET', `/v1/memories/${id}/diff/${fork}`)).toMatchObject({
    distance: 0,
    tokens: 0,
    steps: 0,
  })
  await ask('POST', `/v1/memories/${fork}/read`, { text: sea })
  const live = liveTensors()
  const diff = await ask('GET', `/v1/memories/${id}/diff/${fork}`)
  expect(diff).toMatchObject({ tokens: 58, steps: 7, id, other: fork })
  expect(diff.distance).toBeCloseTo(
    Math.hypot(...diff.weights.map(({ distance }: { distance: number }) => distance)),
    6,
  )
  expect(diff.distance).toBeGreaterThan(0)
  expect(liveTensors()).toBe(live)
  const missing = await ask('GET', `/v1/memories/${id}/diff/mem_0`)
  expect([missing.status, missing.error.param]).toEqual([404, 'other'])
})

it('is reset to nothing, read-only, or gone after a while', async () => {
  const { id, version } = await ask('POST', '/v1/memories', { text: sea })
  const set = (body: object) => ask('POST', `/v1/memories/${id}/settings`, body)
  expect(await set({ name: 'sea', read_only: true, pinned: true })).toMatchObject({
    name: 'sea',
    read_only: true,
    pinned: true,
    tokens: 58,
    version: version + 1,
    expires: null,
  })
  for (const path of ['read', 'reset']) {
    const refused = await ask(
      'POST',
      `/v1/memories/${id}/${path}`,
      path === 'read' ? { text: sea } : undefined,
    )
    expect([refused.status, refused.error.code]).toEqual([403, 'memory_read_only'])
  }
  const update = { prompt: 'It ', memory: id, max_tokens: 1, update: true }
  expect((await ask('POST', '/v1/completions', update)).status).toBe(403)
  expect((await ask('POST', '/v1/completions', { ...update, update: false })).status).toBe(200)
  await set({ read_only: false })
  expect(await ask('POST', `/v1/memories/${id}/reset`)).toMatchObject({ tokens: 0, steps: 0, name: 'sea' })
  expect((await ask('GET', `/v1/memories/${id}/provenance`)).data).toEqual([])
  const again = await ask('POST', `/v1/memories/${id}/read`, { text: sea })
  const { id: fresh } = await ask('POST', '/v1/memories', { text: sea })
  expect(again.tokens).toBe(58)
  expect((await ask('GET', `/v1/memories/${id}/diff/${fresh}`)).distance).toBe(0)
  const { expires } = await set({ ttl_seconds: 60 })
  expect(expires).toBeGreaterThan(Date.now() / 1000 + 50)
  expect((await set({ ttl_seconds: 0 })).expires).toBeNull()
})

it('is reset to what another memory is, which stays', async () => {
  const { id, version } = await ask('POST', '/v1/memories', { text: sea, name: 'sea', passages: true })
  const { id: before } = await ask('POST', `/v1/memories/${id}/fork`)
  await ask('POST', `/v1/memories/${id}/read`, { text: sea.repeat(2) })
  const live = liveTensors()
  const back = await ask('POST', `/v1/memories/${id}/reset`, { to: before })
  expect(back).toMatchObject({ status: 200, id, name: 'sea', parent: null, tokens: 58, version: version + 2 })
  expect((await ask('GET', `/v1/memories/${id}/diff/${before}`)).distance).toBe(0)
  for (const told of ['events', 'provenance']) {
    const { status, ...own } = await ask('GET', `/v1/memories/${id}/${told}`)
    expect({ status, ...own, id: before }).toEqual({
      ...(await ask('GET', `/v1/memories/${before}/${told}`)),
      id: before,
    })
  }
  expect(liveTensors()).toBeLessThanOrEqual(live)
  const missing = await ask('POST', `/v1/memories/${id}/reset`, { to: 'mem_0' })
  expect([missing.status, missing.error.param]).toEqual([404, 'to'])
  expect(await ask('GET', `/v1/memories/${id}`)).toMatchObject({ tokens: 58, version: version + 2 })
})
