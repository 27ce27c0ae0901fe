import { request, type ClientRequest } from 'node:http'
import { afterEach, beforeAll, expect, it } from 'vitest'
import type { Model } from '@ttt-e2e/checkpoint'
import { liveTensors } from '@ttt-e2e/tensor-ops'
import { listeningApp, tinyModel, until } from './testing'

type App = Awaited<ReturnType<typeof listeningApp>>

/** What the server's description says of which routes take a body, and of which types. */
interface Described {
  paths: Record<string, Record<string, { requestBody?: { content: object } }>>
}

let model: Model
let app: App
let open: ClientRequest[] = []
beforeAll(async () => void (model = await tinyModel()))
afterEach(() => {
  for (const each of open) each.destroy()
  open = []
  app.close()
})

/** Begins a request whose body goes on as `send` is called, if at all. */
function begin(path: string, headers: Record<string, string>, text: string | Buffer, method = 'POST') {
  const sent = request(app.url + path, { method, headers }).on('error', () => {})
  open.push(sent)
  const status = new Promise<number>((resolve) =>
    sent.on('response', (answer) => resolve(answer.statusCode!)),
  )
  sent.write(text)
  return { status, send: (more: string) => sent.write(more), end: () => sent.end() }
}

const plain = { 'content-type': 'text/plain' }
const json = { 'content-type': 'application/json' }
const bytes = { 'content-type': 'application/octet-stream' }
const short = { prompt: 'It ', max_tokens: 2 }

it('serves others at once, whatever bodies trickle in', async () => {
  app = await listeningApp(model, { limits: { parallel: 2, queue: 1, memories: 2 } })
  const { id } = await (await app.post('/v1/memories', { text: 'It is.' })).json()
  const kinds = [
    begin('/v1/memories', plain, 'a'),
    begin(`/v1/memories/${id}/read`, plain, 'a'),
    begin('/v1/memories', json, '{'),
    begin('/v1/completions', json, '{'),
    begin(`/v1/memories/${id}/fork`, json, '{'),
    begin('/v1/memories/import', bytes, 'a'),
  ]
  const all = [...kinds, ...Array.from({ length: 6 }, () => begin('/v1/memories', plain, 'a'))]
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    for (const { send } of all) send('a')
  }
  expect(await app.value('requests_running')).toBe(0)
  expect((await app.post('/v1/completions', { ...short, memory: id, update: true })).status).toBe(200)
  expect((await app.post(`/v1/memories/${id}/read`, { text: 'More.' })).status).toBe(200)
  expect((await app.post('/v1/memories', { text: 'It is.' })).status).toBe(201)
  kinds[1].end()
  expect(await kinds[1].status).toBe(200)
})

it('keeps no place for a text between its pieces, and gives up one whose next piece does not come', async () => {
  app = await listeningApp(model, { limits: { parallel: 1, queue: 0, idleSeconds: 0.4 } })
  const before = liveTensors()
  const text = begin('/v1/memories', plain, 'The sea '.repeat(1100))
  await until(async () => (await app.value('tokens_read_total')) > 8000)
  await until(async () => (await app.value('requests_running')) === 0)
  expect((await app.post('/v1/completions', short)).status).toBe(200)
  // A byte now and then is no piece.
  const trickle = setInterval(() => text.send('a'), 50)
  expect(await text.status).toBe(408)
  clearInterval(trickle)
  expect(liveTensors()).toBe(before)
})

it('gives up bodies that stand still on every route', async () => {
  app = await listeningApp(model, { limits: { idleSeconds: 0.2 } })
  const { id } = await (await app.post('/v1/memories', { text: 'It is.' })).json()
  const { paths } = (await (await app.request('GET', '/openapi.json')).json()) as Described
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody }]) =>
      Object.keys(requestBody?.content ?? {}).map((type) => ({
        method: method.toUpperCase(),
        path: path.replace('{id}', id),
        type,
      })),
    ),
  )
  expect(routes.length).toBeGreaterThan(10)
  const idle = routes.flatMap(({ method, path, type }) => {
    const started = (headers: Record<string, string>, text: string | Buffer) => ({
      what: `${method} ${path} ${JSON.stringify(headers)}`,
      status: begin(path, headers, text, method).status,
    })
    const isJson = type === 'application/json'
    return [
      started({ 'content-type': type }, '{'),
      ...(isJson ? [started({ 'content-type': 'application/vnd.x+json ;v=1' }, '{')] : []),
      ...(isJson ? [started({ ...json, 'content-encoding': 'gzip' }, Buffer.from([0x1f, 0x8b]))] : []),
    ]
  })
  idle.push({ what: 'import without a type', status: begin('/v1/memories/import', {}, 'a').status })
  for (const { what, status } of idle) expect([what, await status]).toEqual([what, 408])
})
