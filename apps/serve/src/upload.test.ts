import { request } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { liveTensors, resolveEngine } from '@ttt-e2e/tensor-ops'
import { heldBytes, listeningApp, tinyModel } from './testing'

type App = Awaited<ReturnType<typeof listeningApp>>

const chunk = 512
const length = 2 ** 20

let app: App
let refused: string | undefined
beforeAll(async () => {
  const { name } = await resolveEngine('auto')
  if (name === 'cpu') refused = 'plain JavaScript takes too long for a megabyte'
  const model = await tinyModel({ engine: 'auto', size: { chunk, window: 16, layers: 1 } })
  app = await listeningApp(model, { limits: { bodyBytes: 1000 } })
})
afterAll(() => app.close())
beforeEach(({ skip }) => {
  if (refused !== undefined) skip(refused)
})

const megabytes = (bytes: number) => bytes / 2 ** 20

it('reads a text of any length in constant memory, and tells how far it is', async () => {
  const line = 'The sea keeps what it takes, and gives back what it will.\n'
  const piece = line.repeat(Math.ceil(2 ** 14 / line.length)).slice(0, 2 ** 14)
  const options = {
    method: 'POST',
    headers: { 'content-type': 'text/plain', accept: 'application/x-ndjson', 'transfer-encoding': 'chunked' },
  }
  const resident: number[] = []
  const held: number[] = []
  const tensors = new Set<number>()
  let sent = 0
  let told = ''
  await new Promise<void>((resolve, reject) => {
    const upload = request(`${app.url}/v1/memories?name=long`, options, (answer) => {
      answer.setEncoding('utf8').on('data', (text: string) => {
        told += text
        resident.push(process.memoryUsage().rss)
        if (resident.length % 32 === 1) held.push(heldBytes())
        tensors.add(liveTensors())
      })
      answer.on('end', resolve).on('error', reject)
    })
    upload.on('error', reject)
    const send = () => {
      while (sent < length) {
        sent += piece.length
        if (!upload.write(piece)) return void upload.once('drain', send)
      }
      upload.end()
    }
    send()
  })
  const messages = told
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text))
  const progress = messages.slice(0, -1)
  expect(messages.at(-1)).toMatchObject({ object: 'memory', name: 'long', tokens: sent })
  expect(messages.at(-1).steps).toBe(Math.floor((sent - 1) / chunk))
  progress.reduce((before, { tokens }) => {
    expect(tokens).toBeGreaterThan(before)
    return tokens
  }, 0)
  expect(new Set(progress.slice(1).map(({ bytes }) => bytes)).size).toBeLessThan(10)
  expect(tensors.size).toBeLessThan(10)
  const grown = (bytes: number[]) => megabytes(Math.max(...bytes) - bytes[0])
  console.log(
    `${sent} bytes read: ${grown(held).toFixed(1)} MB more in use, ${grown(resident).toFixed(1)} MB more resident`,
  )
  expect(grown(held)).toBeLessThan(4)
  // The JavaScript heap takes its size, of some ten megabytes, and keeps it.
  expect(grown(resident)).toBeLessThan(96)
})

it('asks for no more of a text than it reads', async () => {
  let pulled = 0
  let ahead = 0
  const size = 4096
  const bytes = new TextEncoder().encode('It is. '.repeat(size)).subarray(0, size)
  const total = length / 16
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        pulled += size
        ahead = Math.max(ahead, pulled - (await app.value('tokens_read_total')) + start)
        if (pulled > total) controller.close()
        else controller.enqueue(bytes)
      },
    },
    { highWaterMark: 0 },
  )
  const start = await app.value('tokens_read_total')
  const init = { method: 'POST', headers: { 'content-type': 'text/plain' }, body, duplex: 'half' }
  const answer = await app.app.request(new Request('http://localhost/v1/memories', init as RequestInit))
  expect(answer.status).toBe(201)
  expect(ahead).toBeLessThan(2 ** 15)
})
