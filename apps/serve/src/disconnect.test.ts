import { request } from 'node:http'
import { afterEach, beforeAll, expect, it } from 'vitest'
import type { Model } from '@ttt-e2e/checkpoint'
import { liveTensors } from '@ttt-e2e/tensor-ops'
import { listeningApp, tinyModel, until } from './testing'

type App = Awaited<ReturnType<typeof listeningApp>>

let model: Model
let app: App
beforeAll(async () => void (model = await tinyModel()))
afterEach(() => app.close())

/** Turns that pass until a closed socket is noticed in a process that is client and server at once. */
const fewTurns = 8

/** At temperature 0 these weights never come to an end by themselves. */
const long = { prompt: 'It ', max_tokens: 4096, temperature: 0 }

async function idle(): Promise<void> {
  await until(async () => (await app.value('requests_running')) === 0)
  const generated = await app.value('tokens_generated_total')
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(await app.value('tokens_generated_total')).toBe(generated)
}

it('frees the work within a token when the client of a stream goes', async () => {
  app = await listeningApp(model)
  const before = liveTensors()
  const controller = new AbortController()
  const answer = await app.post('/v1/completions', { ...long, stream: true }, controller.signal)
  const reader = answer.body!.getReader()
  for (let i = 0; i < 3; i++) await reader.read()
  const generated = await app.value('tokens_generated_total')
  controller.abort()
  await idle()
  expect((await app.value('tokens_generated_total')) - generated).toBeLessThan(fewTurns)
  expect(await app.value('requests_cancelled_total')).toBe(1)
  expect(liveTensors()).toBe(before)
})

it('frees it too when the client did not ask for a stream', async () => {
  app = await listeningApp(model)
  const controller = new AbortController()
  const answer = app.post('/v1/completions', long, controller.signal)
  await until(async () => (await app.value('tokens_generated_total')) > 3)
  const generated = await app.value('tokens_generated_total')
  controller.abort()
  await expect(answer).rejects.toThrow()
  await idle()
  expect((await app.value('tokens_generated_total')) - generated).toBeLessThan(fewTurns)
})

it('keeps nothing of a memory that a prompt was being read into', async () => {
  app = await listeningApp(model)
  const { id: memory } = await (await app.post('/v1/memories', { text: 'It is.' })).json()
  const before = liveTensors()
  const read = await app.value('tokens_read_total')
  const controller = new AbortController()
  const body = { prompt: 'It is said. '.repeat(2000), memory, max_tokens: 1 }
  const answer = app.post('/v1/completions', body, controller.signal)
  await until(async () => (await app.value('tokens_read_total')) > read)
  controller.abort()
  await expect(answer).rejects.toThrow()
  await idle()
  expect(liveTensors()).toBe(before)
})

it('keeps nothing of a text that was cut off', async () => {
  app = await listeningApp(model)
  const before = liveTensors()
  const upload = request(`${app.url}/v1/memories`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
  })
  upload.on('error', () => {})
  upload.write('The sea keeps what it takes. '.repeat(1000))
  await until(async () => (await app.value('tokens_read_total')) > 0)
  upload.destroy()
  await until(async () => (await app.value('requests_running')) === 0)
  expect(await app.value('tokens_read_total')).toBeLessThan(20_000)
  expect(await app.service.memories.list()).toEqual([])
  expect(liveTensors()).toBe(before)
})

it('gives up a text that stands still, and at its own end does not wait for one', async () => {
  const start = (text: string) => {
    const options = { method: 'POST', headers: { 'content-type': 'text/plain' } }
    const upload = request(`${app.url}/v1/memories`, options).on('error', () => {})
    upload.write(text)
    return new Promise((resolve) => upload.on('response', (answer) => resolve(answer.statusCode)))
  }
  app = await listeningApp(model, { limits: { idleSeconds: 0.2 } })
  expect(await start('The sea ')).toBe(408)
  expect(await app.value('requests_running')).toBe(0)
  app.close()
  app = await listeningApp(model)
  const status = start('The sea '.repeat(2000))
  await until(async () => (await app.value('tokens_read_total')) > 8000)
  await app.service.scheduler.close(0.1)
  expect(await status).toBe(503)
  expect(await app.value('requests_running')).toBe(0)
})

it('tells those that find the queue full to come back, and lets waiting ones in when a place is free', async () => {
  app = await listeningApp(model, { limits: { parallel: 1, queue: 1 } })
  const first = new AbortController()
  await app.post('/v1/completions', { ...long, stream: true }, first.signal)
  const second = app.post('/v1/completions', { ...long, max_tokens: 2 })
  await until(async () => (await app.value('queue_depth')) === 1)
  const third = await app.post('/v1/completions', long)
  expect(third.status).toBe(429)
  expect(third.headers.get('retry-after')).toBe('1')
  expect((await third.json()).error).toMatchObject({ type: 'rate_limit_error', code: 'queue_full' })
  expect(await app.value('rejected_total')).toBe(1)
  first.abort()
  expect((await second).status).toBe(200)
})

it('takes those out of the queue that leave it', async () => {
  app = await listeningApp(model, { limits: { parallel: 1, queue: 1 } })
  const [first, second] = [new AbortController(), new AbortController()]
  await app.post('/v1/completions', { ...long, stream: true }, first.signal)
  const waiting = app.post('/v1/completions', long, second.signal)
  await until(async () => (await app.value('queue_depth')) === 1)
  second.abort()
  await expect(waiting).rejects.toThrow()
  await until(async () => (await app.value('queue_depth')) === 0)
  first.abort()
  await idle()
})

it('answers side by side', async () => {
  app = await listeningApp(model)
  const controller = new AbortController()
  await app.post('/v1/completions', { ...long, stream: true }, controller.signal)
  expect((await app.post('/v1/completions', { ...long, max_tokens: 4 })).status).toBe(200)
  expect(await app.value('requests_running')).toBe(1)
  controller.abort()
  await idle()
})

it('finishes what runs when it ends, and cuts it off after a while', async () => {
  app = await listeningApp(model)
  const short = await app.post('/v1/completions', { ...long, max_tokens: 8, stream: true })
  await app.service.scheduler.close(5)
  expect(await short.text()).toMatch(/"finish_reason":"length".*\n\ndata: \[DONE\]/)
  const late = await app.post('/v1/completions', long)
  expect(late.status).toBe(503)
  app.close()
  app = await listeningApp(model)
  const endless = await app.post('/v1/completions', { ...long, stream: true })
  await app.service.scheduler.close(0.1)
  expect(await endless.text()).toMatch(/"code":"shutting_down"/)
})
