import { connect } from 'node:net'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { liveTensors } from '@ttt-e2e/tensor-ops'
import { listeningApp, tinyModel, until } from './testing'

type App = Awaited<ReturnType<typeof listeningApp>>

let app: App
beforeAll(async () => {
  app = await listeningApp(await tinyModel(), {
    limits: { bodyBytes: 2000, textBytes: 4000, idleSeconds: 0.3 },
  })
})
afterAll(() => app.close())

/** Sends bytes as they are and takes what comes back, or hangs up as soon as they are sent. */
function send(bytes: string | Buffer, { hangUp }: { hangUp: boolean }): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(app.port, '127.0.0.1')
    let answer = ''
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text))
    socket.on('error', () => {})
    socket.on('close', () => resolve(answer))
    socket.on('connect', () =>
      socket.write(bytes, () => {
        if (hangUp) socket.destroy()
      }),
    )
  })
}

const host = 'Host: localhost'
const close = 'Connection: close'
const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`
const post = (path: string, body: string, ...headers: string[]) =>
  lines(`POST ${path} HTTP/1.1`, host, close, ...headers) + body
const json = 'Content-Type: application/json'
const plain = 'Content-Type: text/plain'
const ask = '{"prompt": "It", "max_tokens": 1}'

/** What is sent, and the status that must come back. */
const refused: [what: string, bytes: string | Buffer, status: number][] = [
  ['noise', Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 167 + 13) % 256)), 400],
  ['a TLS greeting', Buffer.from('16030100a5010000a10303', 'hex'), 400],
  ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['no method', lines('/ HTTP/1.1', host), 400],
  ['an unknown method', lines('BREW /v1/models HTTP/1.1', host), 400],
  ['an unknown version', lines('GET /health HTTP/9.9', host), 400],
  ['no host', lines('GET /health HTTP/1.1', close), 400],
  ['another host', lines('GET /v1/models HTTP/1.1', 'Host: evil.example', close), 403],
  ['two hosts', lines('GET /v1/models HTTP/1.1', host, 'Host: evil.example', close), 403],
  ['a host that is none', lines('GET /v1/models HTTP/1.1', 'Host: a b', close), 400],
  ['a header without a colon', lines('GET /health HTTP/1.1', host, 'what is this', close), 400],
  ['a header with a space in its name', lines('GET /health HTTP/1.1', host, 'X Y: 1', close), 400],
  ['a header with a NUL', lines('GET /health HTTP/1.1', host, 'X: a\0b', close), 400],
  ['a header of 100 KB', lines('GET /health HTTP/1.1', host, `X: ${'x'.repeat(100_000)}`, close), 431],
  ['ten thousand headers', lines('GET /health HTTP/1.1', host, ...Array<string>(10_000).fill('X: y')), 431],
  ['a path of 100 KB', lines(`GET /${'x'.repeat(100_000)} HTTP/1.1`, host, close), 431],
  ['a path with a space', lines('GET /v1 /models HTTP/1.1', host, close), 400],
  ['a path of broken escapes', lines('GET /v1/memories/%E0%A4%A HTTP/1.1', host, close), 404],
  ['a path that climbs', lines('GET /v1/memories/../../etc/passwd HTTP/1.1', host, close), 404],
  ['a tunnel', lines('CONNECT evil.example:443 HTTP/1.1', 'Host: evil.example:443'), 0],
  ['lengths that differ', post('/v1/completions', ask, json, 'Content-Length: 5', 'Content-Length: 6'), 400],
  ['a negative length', post('/v1/completions', ask, json, 'Content-Length: -1'), 400],
  ['a length that is a word', post('/v1/completions', ask, json, 'Content-Length: many'), 400],
  ['an endless length', post('/v1/completions', ask, json, `Content-Length: ${'9'.repeat(40)}`), 400],
  ['a length above what is allowed', post('/v1/completions', ask, json, 'Content-Length: 2001'), 413],
  [
    'length and chunks',
    post('/v1/completions', ask, json, 'Content-Length: 33', 'Transfer-Encoding: chunked'),
    400,
  ],
  ['an unknown encoding', post('/v1/completions', ask, json, 'Transfer-Encoding: gzip'), 400],
  ['a chunk of no size', post('/v1/memories', 'x\r\nabc', plain, 'Transfer-Encoding: chunked'), 400],
  [
    'a chunk above all bounds',
    post('/v1/memories', 'fffffffffffffffff\r\nabc', plain, 'Transfer-Encoding: chunked'),
    400,
  ],
  [
    'a chunk longer than it said',
    post('/v1/memories', '2\r\nabcdef\r\n0\r\n\r\n', plain, 'Transfer-Encoding: chunked'),
    400,
  ],
  ['a body that is cut off', post('/v1/completions', ask.slice(0, 9), json, 'Content-Length: 33'), 408],
  [
    'a text that stands still',
    post('/v1/memories', '5\r\nIt is\r\n', plain, 'Transfer-Encoding: chunked'),
    408,
  ],
  [
    'a compressed body',
    post('/v1/completions', '\x1f\x8b\x08', json, 'Content-Encoding: gzip', 'Content-Length: 3'),
    400,
  ],
  ['a body where there is none', post('/v1/completions', '', json, 'Content-Length: 0'), 400],
]

const healthy = async () => (await fetch(`${app.url}/health`)).status === 200

it.each(refused)('answers %s, and goes on', async (_, bytes, status) => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => {})
  const answer = await send(bytes, { hangUp: false })
  if (status === 0) expect(answer).toBe('')
  else expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(answer).not.toMatch(/node_modules|at .*:\d+/)
  expect(await healthy()).toBe(true)
  expect(error).not.toHaveBeenCalled()
  error.mockRestore()
})

it('goes on when clients hang up in the middle, wherever that is', async () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => {})
  const tensors = liveTensors()
  const requests = [
    lines('GET /v1/models HTTP/1.1', host),
    lines('POST /v1/completions HTTP/1.1', host, json, 'Content-Length: 44') +
      '{"prompt": "It", "stream": true, "seed": 10}',
    lines('POST /v1/memories HTTP/1.1', host, plain, 'Transfer-Encoding: chunked') +
      '6\r\nThe se\r\n2\r\na \r\n0\r\n\r\n',
  ]
  for (const request of requests)
    for (let part = 1; part <= 12; part++)
      await send(request.slice(0, Math.ceil((request.length * part) / 12)), { hangUp: true })
  // The last ones may only be on their way to a place yet: their bodies are received first.
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(await healthy()).toBe(true)
  await until(async () => {
    for (const { id } of await app.service.memories.list()) await app.request('DELETE', `/v1/memories/${id}`)
    return (await app.value('requests_running')) === 0 && liveTensors() === tensors
  })
  expect(liveTensors()).toBe(tensors)
  expect(error).not.toHaveBeenCalled()
  error.mockRestore()
})
