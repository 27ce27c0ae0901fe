import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { testApp, tinyModel, type TestApp } from '../testing'
import { hashOf, Keys, newKey } from './keys'
import { readKeys } from './read-keys'

const file = join(mkdtempSync(join(tmpdir(), 'keys-')), 'keys.json')
const [ann, annToo, bob] = [newKey(), newKey(), newKey()]
const sha256 = (...keys: string[]) => keys.map((key) => hashOf(key).toString('hex'))
const write = (tenants: object[]) => writeFileSync(file, JSON.stringify({ tenants }))
write([
  { name: 'ann', sha256: sha256(ann, annToo), limits: { memories: 2 }, operator: true },
  { name: 'bob', sha256: sha256(bob), limits: { requestsPerMinute: 5, tokensPerMinute: 100 } },
])

let test: TestApp
let keys: Keys
beforeAll(async () => {
  keys = new Keys(readKeys(file))
  test = testApp(await tinyModel(), { keys })
})
afterAll(() => test.services.dispose())

const ask = async (key: string, method: string, path: string, body?: unknown) => {
  const answer = await test.request(method, path, body, { authorization: `Bearer ${key}` })
  const text = await answer.text()
  const json = text.startsWith('{') ? JSON.parse(text) : undefined
  return { status: answer.status, json, retry: answer.headers.get('retry-after') }
}

it("shows nobody another's memories: they are as those that never were", async () => {
  const { json: memory } = await ask(ann, 'POST', '/v1/memories', { text: 'The sea keeps.' })
  const never = `mem_${'0'.repeat(24)}`
  const messageOf = async (id: string) => {
    const { status, json } = await ask(bob, 'GET', `/v1/memories/${id}`)
    return [status, json.error.message.replace(id, '')]
  }
  expect(await messageOf(memory.id)).toEqual(await messageOf(never))
  for (const [method, path, body] of [
    ['DELETE', `/v1/memories/${memory.id}`],
    ['POST', '/v1/completions', { prompt: 'It', memory: memory.id, max_tokens: 1 }],
  ] as const)
    expect((await ask(bob, method, path, body)).status).toBe(404)
  expect((await ask(annToo, 'GET', '/v1/memories')).json.data).toHaveLength(1)
})

it('lets each have its own limits, and tells who asks too often when to come back', async () => {
  const { status, json, retry } = await ask(bob, 'GET', '/v1/memories')
  expect([status, json.data]).toEqual([200, []])
  expect(retry).toBeNull()
  const refused = await ask(bob, 'GET', '/v1/memories')
  expect([refused.status, refused.json.error.code]).toEqual([429, 'rate_limited'])
  expect(Number(refused.retry)).toBeGreaterThan(0)
  expect(Number(refused.retry)).toBeLessThanOrEqual(12)
  expect((await ask(ann, 'POST', '/v1/memories', { text: 'Two.' })).status).toBe(201)
  expect((await ask(ann, 'POST', '/v1/memories', { text: 'Three.' })).status).toBe(429)
})

it('counts the tokens of each, those of texts and answers', async () => {
  write([{ name: 'cem', sha256: sha256(bob), limits: { tokensPerMinute: 100 } }])
  keys.replace(readKeys(file))
  expect((await ask(ann, 'GET', '/v1/models')).status).toBe(401)
  expect((await ask(bob, 'POST', '/v1/memories', { text: 'a'.repeat(150) })).status).toBe(201)
  const refused = await ask(bob, 'GET', '/v1/memories')
  // Half a minute's worth is to be made up for, less the time that reading has taken.
  expect(refused.status).toBe(429)
  expect(Number(refused.retry)).toBeGreaterThan(0)
  expect(Number(refused.retry)).toBeLessThanOrEqual(30)
  expect((await ask(bob, 'GET', '/metrics')).status).toBe(403)
})

it('says what is wrong with a file of keys, and never a key', () => {
  const refused = (tenants: unknown) => {
    writeFileSync(file, typeof tenants === 'string' ? tenants : JSON.stringify({ tenants }))
    return () => readKeys(file)
  }
  expect(refused('{')).toThrow(/keys.json' can't be used: it is not JSON$/)
  expect(refused([])).toThrow(/can't be used: tenants: /)
  expect(refused([{ name: 'a', sha256: [ann] }])).toThrow(/tenants.0.sha256.0: must be 64 hexadecimal/)
  const twice = { name: 'a', sha256: sha256(ann) }
  expect(refused([twice, twice])).toThrow(/there are two tenants 'a'/)
})
