import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Model } from '@ttt-e2e/checkpoint'
import { liveTensors } from '@ttt-e2e/tensor-ops'
import { testApp, tinyModel, type TestApp } from './testing'

let model: Model
let test: TestApp
beforeAll(async () => {
  model = await tinyModel()
  test = testApp(model)
})
afterAll(() => {
  test.services.dispose()
  model.dispose()
})

const sea = 'The sea keeps what it takes, and gives back what it will. '
const json = async (response: Response | Promise<Response>) => (await response).json()
const exported = async (memory: string) => {
  const answer = await test.request('GET', `/v1/memories/${memory}/export`)
  return new Uint8Array(await answer.arrayBuffer())
}

async function newMemory(text = sea): Promise<string> {
  const { id } = await json(test.request('POST', '/v1/memories', { text }))
  return id
}

async function complete(body: object) {
  const answer = await json(
    test.request('POST', '/v1/completions', { max_tokens: 8, temperature: 0, prompt: 'It ', ...body }),
  )
  return { text: answer.choices?.[0].text, reason: answer.choices?.[0].finish_reason, ...answer }
}

describe('completions', () => {
  it('count what was read, reused and learned', async () => {
    const memory = await newMemory()
    const { usage, reason } = await complete({ memory, learn: true })
    expect(reason).toBe('length')
    expect(usage).toEqual({
      prompt_tokens: 3,
      completion_tokens: 8,
      total_tokens: 11,
      prompt_tokens_details: { cached_tokens: 0 },
      tokens_read: 11,
      tokens_reused: sea.length,
      tokens_learned: 8,
    })
  })

  it('are the same for the same seed, streamed or not', async () => {
    const body = { temperature: 1, seed: 7, max_tokens: 20 }
    const { text } = await complete(body)
    const streamed = await (
      await test.request('POST', '/v1/completions', { prompt: 'It ', ...body, stream: true })
    ).text()
    const lines = streamed.split('\n\n').filter(Boolean)
    expect(lines.pop()).toBe('data: [DONE]')
    const messages = lines.map((line) => JSON.parse(line.slice('data: '.length)))
    expect(messages.map(({ choices }) => choices[0].text).join('')).toBe(text)
    expect(messages.at(-1).choices[0].finish_reason).toBe('length')
  })

  it('end before a stop string', async () => {
    const { text } = await complete({ seed: 3, temperature: 1, max_tokens: 30 })
    const stop = text.slice(5, 7)
    const stopped = await complete({ seed: 3, temperature: 1, max_tokens: 30, stop: ['never there', stop] })
    expect(stopped.text).toBe(text.slice(0, text.indexOf(stop)))
    expect(stopped.reason).toBe('stop')
  })

  it('leave their memory as it was, unless asked to update it', async () => {
    const memory = await newMemory()
    const before = await exported(memory)
    const first = await complete({ memory, learn: true })
    expect(await exported(memory)).toEqual(before)
    expect((await complete({ memory, learn: true, update: true })).text).toBe(first.text)
    const { tokens } = await json(test.request('GET', `/v1/memories/${memory}`))
    expect(tokens).toBe(sea.length + 11)
  })
})

describe('memories', () => {
  it('are the same read at once, in pieces and as a stream', async () => {
    const whole = await newMemory(sea.repeat(3))
    const parts = await newMemory(sea)
    await test.request('POST', `/v1/memories/${parts}/read`, { text: sea })
    await test.request('POST', `/v1/memories/${parts}/read`, sea, { 'content-type': 'text/plain' })
    const [a, b] = await Promise.all([complete({ memory: whole }), complete({ memory: parts })])
    expect(a.text).toBe(b.text)
    expect(a.usage).toEqual(b.usage)
  })

  it('are changed by neither their forks nor forks by them', async () => {
    const parent = await newMemory()
    const fork = await json(test.request('POST', `/v1/memories/${parent}/fork`, { name: 'the other' }))
    expect(fork).toMatchObject({ parent, name: 'the other', tokens: sea.length, object: 'memory' })
    const before = await complete({ memory: parent })
    await test.request('POST', `/v1/memories/${fork.id}/read`, { text: 'Nothing of it is true. '.repeat(4) })
    expect((await complete({ memory: parent })).text).toBe(before.text)
    await test.request('DELETE', `/v1/memories/${parent}`)
    expect((await test.request('GET', `/v1/memories/${parent}`)).status).toBe(404)
    expect((await complete({ memory: fork.id })).usage.tokens_reused).toBe(sea.length + 92)
  })

  it('go on bitwise after an export and an import', async () => {
    const memory = await newMemory()
    const file = await exported(memory)
    const type = { 'content-type': 'application/octet-stream' }
    const imported = await json(test.request('POST', '/v1/memories/import?name=back', file, type))
    expect(imported).toMatchObject({ name: 'back', tokens: sea.length, steps: 7 })
    for (const body of [{}, { temperature: 1, seed: 5 }]) {
      const [a, b] = [await complete({ memory, ...body }), await complete({ memory: imported.id, ...body })]
      expect(a.text).toBe(b.text)
    }
    expect(await exported(imported.id)).toEqual(file)
  })

  it('of another model are refused', async () => {
    const other = await tinyModel({ seed: 2 })
    const theirs = testApp(other)
    const { id } = await json(theirs.request('POST', '/v1/memories', { text: sea }))
    const file = new Uint8Array(
      await (await theirs.request('GET', `/v1/memories/${id}/export`)).arrayBuffer(),
    )
    const type = { 'content-type': 'application/octet-stream' }
    const refused = await test.request('POST', '/v1/memories/import', file, type)
    expect(refused.status).toBe(400)
    expect((await refused.json()).error.message).toMatch(/another model/)
    theirs.services.dispose()
    other.dispose()
  })

  it('tell how far they are read, to those who accept a stream', async () => {
    for (const accept of ['text/event-stream', 'application/x-ndjson']) {
      const answer = await test.request('POST', '/v1/memories', { text: sea }, { accept })
      expect(answer.headers.get('content-type')).toContain(accept)
      const lines = (await answer.text()).split('\n').filter((line) => line && !line.includes('[DONE]'))
      const messages = lines.map((line) => JSON.parse(line.replace('data: ', '')))
      expect(messages.map(({ tokens }) => tokens)).toEqual([32, 58, 58])
      expect(messages[0]).toMatchObject({ object: 'memory.progress', steps: 3, loss: expect.any(Number) })
      expect(messages.at(-1)).toMatchObject({ object: 'memory', steps: 7 })
    }
  })

  it('cost no tensors once they are gone', async () => {
    const before = liveTensors()
    const memory = await newMemory()
    await complete({ memory })
    await complete({ memory, update: true })
    await complete({ prompt: '', memory, max_tokens: 0 })
    await test.request('POST', '/v1/completions', { prompt: '' })
    await test.request('DELETE', `/v1/memories/${memory}`)
    expect(liveTensors()).toBe(before)
  })
})

describe('the rest', () => {
  it('health, models, metrics and the description of it all', async () => {
    expect(await json(test.request('GET', '/health'))).toEqual({ status: 'ready' })
    expect((await json(test.request('GET', '/v1/models'))).data[0]).toMatchObject({ id: 'tiny', chunk: 8 })
    expect(await json(test.request('GET', '/v1/models/tiny'))).toMatchObject({ hash: model.hash })
    expect((await test.request('GET', '/v1/models/gpt-4')).status).toBe(404)
    expect(await (await test.request('GET', '/metrics')).text()).toMatch(/ttte2e_inner_steps_total \d+/)
    const { paths } = await json(test.request('GET', '/openapi.json'))
    expect(Object.keys(paths)).toHaveLength(22)
  })

  it('is unavailable while the model is loaded, and says so', async () => {
    const loading = testApp(model)
    loading.state.status = 'loading'
    expect((await loading.request('GET', '/health')).status).toBe(503)
    const answer = await loading.request('POST', '/v1/completions', { prompt: 'It' })
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('5')
  })

  it('asks for the API key everywhere but at /health', async () => {
    const closed = testApp(model, { apiKey: 'sesame' })
    const status = async (path: string, authorization?: string) =>
      (await closed.request('GET', path, undefined, authorization ? { authorization } : {})).status
    expect(await status('/health')).toBe(200)
    for (const path of ['/v1/models', '/v1/memories', '/metrics', '/openapi.json', '/nowhere'])
      expect(await status(path)).toBe(401)
    expect(await status('/v1/models', 'Bearer sesam')).toBe(401)
    expect(await status('/v1/models', 'Basic sesame')).toBe(401)
    expect(await status('/v1/models', 'Bearer sesame')).toBe(200)
  })

  it("keeps other sites' pages out", async () => {
    const status = async (headers: Record<string, string>) =>
      (await test.request('GET', '/v1/models', undefined, { host: 'localhost:1', ...headers })).status
    expect(await status({ origin: 'http://localhost:1' })).toBe(200)
    expect(await status({ origin: 'https://evil.example' })).toBe(403)
    expect(await status({ host: 'evil.example', origin: 'http://evil.example' })).toBe(403)
  })
})
