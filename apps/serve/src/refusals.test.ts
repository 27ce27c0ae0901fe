import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listeningApp, tinyModel } from './testing'

type App = Awaited<ReturnType<typeof listeningApp>>

let app: App
let id: string
beforeAll(async () => {
  app = await listeningApp(await tinyModel(), { limits: { parallel: 1, queue: 1 } })
  id = (await (await app.post('/v1/memories', { text: 'The sea.' })).json()).id
})
afterAll(() => app.close())

/** Has every place, and the whole queue, until it is called. */
function occupy(): () => void {
  const { signal } = new AbortController()
  const jobs = [app.service.scheduler.admit(signal), app.service.scheduler.admit(signal)]
  return () => jobs.forEach((job) => job.end())
}

const text = { 'content-type': 'text/plain' }
const json = { 'content-type': 'application/json' }
const paths: [path: string, headers: Record<string, string>][] = [
  ['/v1/completions', json],
  ['/v1/chat/completions', json],
  ['/v1/responses', json],
  ['/v1/memories', json],
  ['/v1/memories', text],
  ['/v1/memories/ID/read', json],
  ['/v1/memories/ID/fork', json],
  ['/v1/memories/ID/reset', json],
]

it.each(paths)(
  'refuses %s (%o) before its body is there, and whatever stands in it',
  async (path, headers) => {
    const leave = occupy()
    let asked = 0
    const body = new ReadableStream<Uint8Array>(
      { pull: () => new Promise<void>(() => void asked++) },
      { highWaterMark: 0 },
    )
    const request = { method: 'POST', headers, body, duplex: 'half' as const }
    const answer = await app.app.request(`http://localhost${path.replace('ID', id)}`, request)
    expect(asked).toBe(0)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1'])
    expect((await answer.json()).error.code).toBe('queue_full')
    leave()
  },
)

it('tells what is wrong with a request once there is room for it', async () => {
  const ask = () => app.request('POST', '/v1/completions', 'no JSON', json)
  const leave = occupy()
  expect((await ask()).status).toBe(429)
  leave()
  expect((await ask()).status).toBe(400)
  const models = app.request('GET', '/v1/models')
  expect((await models).status).toBe(200)
})

it('is read by clients that send headers and body apart, and by those that never send all', async () => {
  const leave = occupy()
  const body = JSON.stringify({ prompt: 'It' })
  const head = (length: number) =>
    `POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`
  for (const missing of [0, 1]) {
    const socket = connect(app.port, '127.0.0.1').setEncoding('latin1')
    let answer = ''
    socket.on('data', (text) => (answer += text))
    const closed = once(socket, 'close')
    socket.write(head(body.length + missing))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(answer).toBe('')
    socket.write(body)
    // Of a socket that was reset this is true.
    expect(await closed).toEqual([false])
    expect(answer).toMatch(/^HTTP\/1\.1 429 /)
  }
  leave()
})

it('lets who was refused ask again over the same connection, whatever it had sent', async () => {
  const socket = connect(app.port, '127.0.0.1').setEncoding('latin1')
  const ask = async (prompt: string) => {
    const body = JSON.stringify({ prompt, max_tokens: 1 })
    const length = Buffer.byteLength(body)
    socket.write(
      `POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`,
    )
    let answer = ''
    while (!/\r\n\r\n.*\}$/s.test(answer)) answer += (await once(socket, 'data')) as unknown as string
    return Number(answer.split(' ')[1])
  }
  const leave = occupy()
  const refused = [await ask('It'), await ask('It is. '.repeat(50_000)), await ask('It')]
  expect(refused).toEqual([429, 429, 429])
  leave()
  expect(await ask('It')).toBe(200)
  socket.destroy()
})
