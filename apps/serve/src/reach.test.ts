import OpenAI from 'openai'
import { afterEach, beforeAll, expect, it } from 'vitest'
import type { Model } from '@ttt-e2e/checkpoint'
import { listen } from './listen'
import { readOptions } from './options'
import { listeningApp, testApp, tinyModel, until, type TestApp } from './testing'

let model: Model
beforeAll(async () => void (model = await tinyModel()))
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const reach = { local: true, hosts: [] as string[], origins: [] as string[] }
const ask = async (test: TestApp, headers: Record<string, string>, method = 'GET', path = '/v1/models') => {
  const answer = await test.request(method, path, undefined, { host: 'localhost:8080', ...headers })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

it('answers to names that it was given, and names the option for others', async () => {
  const local = testApp(model, { reach: { ...reach, hosts: ['model.example', 'other.example:99'] } })
  for (const host of [
    'localhost',
    'LOCALHOST:1',
    'localhost.',
    '127.0.0.1:8',
    '[::1]:8080',
    'model.example:8080',
    'Model.Example',
    'other.example:99',
  ])
    expect({ host, ...(await ask(local, { host })) }).toMatchObject({ host, status: 200 })
  for (const host of ['evil.example', 'model.example.evil', 'other.example:98', 'localhost.evil:1']) {
    const { status, text } = await ask(local, { host })
    expect(status).toBe(403)
    expect(text).toContain(`--allow-host ${host.replace(/:\d+$/, '')}`)
  }
  expect(
    (await ask(testApp(model, { reach: { ...reach, local: false } }), { host: 'any.example' })).status,
  ).toBe(200)
  const named = testApp(model, { reach: { ...reach, local: false, hosts: ['model.example'] } })
  expect((await ask(named, { host: 'any.example' })).status).toBe(403)
  expect(
    (await ask(testApp(model, { reach: { ...reach, hosts: ['*'] } }), { host: 'any.example' })).status,
  ).toBe(200)
})

it('lets pages of allowed origins in, answers what browsers ask before, and names the option for others', async () => {
  const origin = 'https://app.example'
  const test = testApp(model, { apiKey: 'sesame', reach: { ...reach, origins: [origin] } })
  const asked = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,x-stainless-os',
    'access-control-request-private-network': 'true',
  }
  const preflight = await ask(test, asked, 'OPTIONS', '/v1/completions')
  expect(preflight.status).toBe(204)
  expect(Object.fromEntries(preflight.headers)).toMatchObject({
    'access-control-allow-origin': origin,
    'access-control-allow-methods': expect.stringContaining('POST'),
    'access-control-allow-headers': 'authorization,content-type,x-stainless-os',
    'access-control-allow-private-network': 'true',
    vary: expect.stringContaining('Origin'),
  })
  for (const [authorization, status] of [
    ['Bearer sesame', 200],
    ['Bearer other', 401],
  ] as const) {
    const answer = await ask(test, { origin, authorization })
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([status, origin])
  }
  const wrong = await ask(test, { origin, authorization: 'Bearer sesame' }, 'GET', '/v1/completions')
  expect([wrong.status, wrong.headers.get('access-control-allow-origin')]).toEqual([405, origin])
  for (const method of ['OPTIONS', 'GET']) {
    const foreign = await ask(test, { ...asked, origin: 'http://localhost:3000' }, method)
    expect(foreign.status).toBe(403)
    expect(foreign.text).toContain('--allow-origin http://localhost:3000')
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull()
  }
  const any = testApp(model, { reach: { ...reach, origins: ['*'] } })
  expect((await ask(any, { origin })).headers.get('access-control-allow-origin')).toBe(origin)
})

it('lets its own pages in, however their browser writes its address', async () => {
  const test = testApp(model)
  for (const [host, origin] of [
    ['LOCALHOST:8080', 'http://localhost:8080'],
    ['[::1]:8080', 'http://[::1]:8080'],
    ['localhost:80', 'http://localhost'],
    ['localhost', 'https://localhost'],
  ])
    expect((await ask(test, { host, origin })).status).toBe(200)
})

it('says how to prove who one is, and which methods there are', async () => {
  const test = testApp(model, { apiKey: 'sesame' })
  expect((await ask(test, {})).headers.get('www-authenticate')).toBe('Bearer realm="ttt-e2e"')
  const wrong = await ask(test, { authorization: 'Bearer x' })
  expect(wrong.headers.get('www-authenticate')).toBe('Bearer realm="ttt-e2e", error="invalid_token"')
  const open = testApp(model)
  for (const [method, path, allow] of [
    ['GET', '/v1/completions', 'POST'],
    ['PUT', '/v1/memories', 'GET, HEAD, POST'],
    ['PATCH', '/v1/memories/mem_0', 'DELETE, GET, HEAD'],
    ['OPTIONS', '/v1/completions', 'POST'],
    ['DELETE', '/', 'GET, HEAD'],
  ]) {
    const answer = await ask(open, {}, method, path)
    expect([method, path, answer.status, answer.headers.get('allow')]).toEqual([method, path, 405, allow])
    expect(JSON.parse(answer.text).error).toMatchObject({ code: 'wrong_method' })
  }
  expect((await ask(open, {}, 'PUT', '/v1/nothing')).status).toBe(404)
})

it('finds models whose names have slashes, escaped or not', async () => {
  const test = testApp(model, { id: 'tiny/books' })
  for (const path of ['/v1/models/tiny/books', '/v1/models/tiny%2Fbooks'])
    expect(JSON.parse((await ask(test, {}, 'GET', path)).text)).toMatchObject({ id: 'tiny/books' })
  expect((await ask(test, {}, 'GET', '/v1/models/tiny/other')).status).toBe(404)
})

it('tells clients to come back only where waiting helps', async () => {
  const app = await listeningApp(model, { limits: { memories: 1, parallel: 1, queue: 0 } })
  closing.push(app.close)
  const client = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'none', maxRetries: 2 })
  const { id } = await client.post<{ id: string }>('/memories', { body: { text: 'It is.' } })
  const before = performance.now()
  await expect(client.post('/memories', { body: { text: 'It is.' } })).rejects.toMatchObject({
    status: 429,
    code: 'too_many_memories',
  })
  expect(performance.now() - before).toBeLessThan(400)
  const claim = await app.service.memories.claim({ id })
  const busy = await app.post(`/v1/memories/${id}/read`, { text: 'It is.' })
  expect([busy.status, busy.headers.get('retry-after')]).toEqual([409, '1'])
  claim.release()
  const controller = new AbortController()
  await app.post(
    '/v1/completions',
    { prompt: 'It ', max_tokens: 4096, temperature: 0, stream: true },
    controller.signal,
  )
  await until(async () => (await app.value('requests_running')) === 1)
  const full = await app.post('/v1/completions', { prompt: 'It ' })
  expect([full.status, full.headers.get('retry-after')]).toEqual([429, '1'])
  controller.abort()
})

it('listens to localhost at both of its addresses, and prints an address that can be opened', async () => {
  const app = await listeningApp(model, { host: 'localhost' })
  closing.push(app.close)
  for (const host of ['localhost', '127.0.0.1', '[::1]'])
    expect((await fetch(`http://${host}:${app.port}/health`)).status).toBe(200)
  for (const host of ['0.0.0.0', '::', '::1', '127.0.0.1']) {
    const listening = await listen(testApp(model).app, { host, port: 0 })
    closing.push(() => (void listening.close(), listening.cutOff()))
    expect(listening.url).toMatch(/^http:\/\/(127\.0\.0\.1|\[::1\]):\d+$/)
    expect((await fetch(`${listening.url}/health`)).status).toBe(200)
  }
  await expect(listen(testApp(model).app, { host: 'localhost', port: app.port })).rejects.toThrow(
    /^can't listen on 127\.0\.0\.1 port \d+ \(EADDRINUSE\)/,
  )
})

it('takes keys, names and origins as they are meant, and refuses at the start what can not be', () => {
  const given = { host: 'localhost', port: '8080', engine: 'auto' }
  const read = (raw: object, env = {}) => readOptions({ ...given, ...raw }, '/here', env)
  expect(read({}, { TTT_E2E_API_KEY: ' sesame\n' }).apiKey).toBe('sesame')
  expect(read({ apiKey: 'sesame\r\n' }).apiKey).toBe('sesame')
  expect(read({}).apiKey).toBeUndefined()
  for (const key of ['', ' \n']) {
    expect(() => read({}, { TTT_E2E_API_KEY: key })).toThrow(/^TTT_E2E_API_KEY must not be empty/)
    expect(() => read({ apiKey: key })).toThrow(/^--api-key must not be empty/)
  }
  for (const key of ['open sesame', 'sés4me', 'a\nb'])
    expect(() => read({ apiKey: key })).toThrow(/^--api-key must be of letters, digits and signs of ASCII/)
  expect(
    read({ allowHost: ['Model.Example', '[fd00::1]:80'], allowOrigin: ['https://app.example/', '*'] }),
  ).toMatchObject({
    hosts: ['model.example', '[fd00::1]:80'],
    origins: ['https://app.example', '*'],
  })
  expect(() => read({ allowHost: ['http://a.b'] })).toThrow(
    /^--allow-host is 'http:\/\/a\.b': must be a name/,
  )
  for (const origin of ['app.example', 'https://app.example/page', 'HTTPS://app.example'])
    expect(() => read({ allowOrigin: [origin] })).toThrow(/^--allow-origin is '.*': must be an origin/)
})
