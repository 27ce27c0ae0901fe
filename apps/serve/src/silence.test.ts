import { Agent, get, request } from 'node:http'
import OpenAI from 'openai'
import { afterEach, beforeAll, expect, it } from 'vitest'
import type { Model } from '@ttt-e2e/checkpoint'
import { listen } from './listen'
import { listeningApp, testApp, tinyModel, until } from './testing'

type App = Awaited<ReturnType<typeof listeningApp>>

let model: Model
let app: App
beforeAll(async () => void (model = await tinyModel()))
afterEach(() => app?.close())

const endless = { prompt: 'It ', max_tokens: 4096, temperature: 0, stream: true }
const short = { prompt: 'It ', max_tokens: 3, temperature: 0 }

/** An app whose only place is taken until `free` is called. */
async function busyApp(limits: object = {}): Promise<() => void> {
  app = await listeningApp(model, { limits: { parallel: 1, silenceSeconds: 0.05, ...limits } })
  const controller = new AbortController()
  await app.post('/v1/completions', endless, controller.signal)
  await until(async () => (await app.value('requests_running')) === 1)
  return () => controller.abort()
}

it("sends a stream's headers at once, and comments while it waits, then what was asked for", async () => {
  const free = await busyApp()
  const answer = await app.post('/v1/completions', { ...short, stream: true })
  expect(answer.status).toBe(200)
  expect(await app.value('queue_depth')).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, 300))
  free()
  const text = await answer.text()
  expect(text.split(': still at work\n\n').length).toBeGreaterThan(3)
  const rest = text.replaceAll(': still at work\n\n', '')
  expect(rest).toMatch(/^(data: \{.*\}\n\n){2,}data: \[DONE\]\n\n$/)
})

it('says the same while it reads texts, in lines of JSON by progress that is none', async () => {
  const free = await busyApp()
  const ask = (accept: string) =>
    fetch(`${app.url}/v1/memories`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', accept },
      body: 'It is.',
    })
  const [sse, ndjson] = await Promise.all([ask('text/event-stream'), ask('application/x-ndjson')])
  await new Promise((resolve) => setTimeout(resolve, 200))
  free()
  expect(await sse.text()).toMatch(/^(: still at work\n\n)+data: .*\[DONE\]\n\n$/s)
  const lines = (await ndjson.text()).trim().split('\n')
  const messages = lines.map((line) => JSON.parse(line))
  expect(messages[0]).toEqual({
    object: 'memory.progress',
    tokens_read: 0,
    tokens: 0,
    steps: 0,
    bytes: 0,
    loss: null,
  })
  expect(messages.length).toBeGreaterThan(3)
  expect(messages.at(-1)).toMatchObject({ object: 'memory', tokens: 6 })
})

it('answers a stream whose text is still to come, and says so in it when none comes', async () => {
  app = await listeningApp(model, { limits: { idleSeconds: 0.3, silenceSeconds: 0.05 } })
  const headers = { 'content-type': 'text/plain', accept: 'text/event-stream' }
  const upload = request(`${app.url}/v1/memories`, { method: 'POST', headers }).on('error', () => {})
  upload.write('It ')
  const told = await new Promise<string>((resolve) =>
    upload.on('response', (answer) => {
      let all = `${answer.statusCode} `
      answer.setEncoding('utf8').on('data', (text: string) => (all += text))
      answer.on('end', () => resolve(all))
    }),
  )
  expect(told).toMatch(/^200 (: still at work\n\n)+data: \{"error":.*"body_timeout"/)
})

it('gives what can be known at once a status of its own, for streams too', async () => {
  const free = await busyApp({ queue: 0 })
  const status = async (path: string, body: object) =>
    (await app.request('POST', path, body, { accept: 'text/event-stream' })).status
  expect(await status('/v1/completions', { ...short, stream: true })).toBe(429)
  expect(await status('/v1/memories', { text: 'It is.' })).toBe(429)
  free()
  await until(async () => (await app.value('requests_running')) === 0)
  expect(await status('/v1/completions', { ...short, stream: true, memory: 'mem_0' })).toBe(404)
  expect(await status('/v1/completions', { ...short, prompt: '', stream: true })).toBe(400)
  expect(await status('/v1/memories/mem_0/read', { text: 'It is.' })).toBe(404)
})

it('is understood by the official client', async () => {
  const free = await busyApp()
  const client = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'none', maxRetries: 0 })
  const stream = await client.completions.create({ ...short, model: 'tiny', stream: true })
  setTimeout(free, 200)
  let text = ''
  for await (const message of stream) text += message.choices[0].text
  expect(text).not.toBe('')
})

it('keeps connections longer than their clients, and ends at once all the same', async () => {
  const listening = await listen(testApp(model).app, { host: '127.0.0.1', port: 0 })
  const agent = new Agent({ keepAlive: true })
  const timeout = await new Promise<number>((resolve) =>
    get(`${listening.url}/health`, { agent }, (answer) => {
      answer
        .resume()
        .on('end', () => resolve(Number(/timeout=(\d+)/.exec(String(answer.headers['keep-alive']))![1])))
    }),
  )
  expect(timeout).toBeGreaterThan(75)
  const before = performance.now()
  await listening.close()
  expect(performance.now() - before).toBeLessThan(1000)
  agent.destroy()
})

it('tells clients not to keep a connection when it is about to end', async () => {
  const test = testApp(model)
  expect((await test.request('GET', '/v1/models')).headers.get('connection')).toBeNull()
  test.state.status = 'ending'
  expect((await test.request('GET', '/v1/models')).headers.get('connection')).toBe('close')
})
