import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { liveTensors } from '@ttt-e2e/tensor-ops'
import { heldBytes, listeningApp, tinyModel, until } from './testing'

type App = Awaited<ReturnType<typeof listeningApp>>

let app: App
beforeAll(async () => void (app = await listeningApp(await tinyModel(), { limits: { parallel: 4 } })))
afterAll(() => app.close())

const body = JSON.stringify({ prompt: 'It ', max_tokens: 2, temperature: 0 })

/** Completions that are asked for at once, each over a connection of its own. @returns their statuses */
async function flood(count: number, onAnswer: (answers: number) => void): Promise<number[]> {
  const agent = new Agent({ maxSockets: Infinity })
  const options = { method: 'POST', agent, headers: { 'content-type': 'application/json' } }
  let answers = 0
  const ask = () =>
    new Promise<number>((resolve, reject) => {
      const asked = request(`${app.url}/v1/completions`, options, (answer) => {
        onAnswer(++answers)
        answer.resume().on('end', () => resolve(answer.statusCode!))
      })
      asked.on('error', reject).end(body)
    })
  const statuses = await Promise.all(Array.from({ length: count }, ask))
  agent.destroy()
  return statuses
}

/** The same while answers without end hold every place; they go when only those in the queue have no answer yet. */
async function floodWhenBusy(count: number): Promise<number[]> {
  const { parallel, queue } = app.limits
  const endless = { prompt: 'It ', max_tokens: 4096, temperature: 0, stream: true }
  const options = { method: 'POST', headers: { 'content-type': 'application/json' } }
  const clients = Array.from({ length: parallel }, () => {
    const client = request(`${app.url}/v1/completions`, options, (answer) => answer.resume())
    client.on('error', () => {}).end(JSON.stringify(endless))
    return client
  })
  await until(async () => (await app.value('requests_running')) === parallel)
  return flood(count, (answers) => {
    if (answers === count - queue) for (const client of clients) client.destroy()
  })
}

it('lets in what the queue holds of a thousand clients, tells the others to come back, and holds no more afterwards', async () => {
  const { queue } = app.limits
  await floodWhenBusy(200)
  await until(async () => (await app.value('requests_running')) === 0)
  const [tensors, bytes] = [liveTensors(), heldBytes()]
  const statuses = await floodWhenBusy(1000)
  const count = (status: number) => statuses.filter((each) => each === status).length
  expect([count(200), count(429)]).toEqual([queue, 1000 - queue])
  await until(async () => (await app.value('requests_running')) === 0)
  expect(await app.value('queue_depth')).toBe(0)
  expect(liveTensors()).toBe(tensors)
  expect(heldBytes() - bytes).toBeLessThan(8 * 2 ** 20)
  expect((await app.post('/v1/completions', JSON.parse(body))).status).toBe(200)
})

it('answers while a thousand others hold connections open and say nothing', async () => {
  const sockets: Socket[] = []
  const opened = Array.from({ length: 1000 }, () => {
    const socket = connect(app.port, '127.0.0.1').on('error', () => {})
    sockets.push(socket)
    return new Promise((resolve) => socket.once('connect', resolve))
  })
  await Promise.all(opened)
  expect((await app.post('/v1/completions', JSON.parse(body))).status).toBe(200)
  for (const socket of sockets) socket.destroy()
  expect((await fetch(`${app.url}/health`)).status).toBe(200)
})
