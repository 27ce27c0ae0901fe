import { afterAll, beforeAll, expect, it } from 'vitest'
import { liveTensors } from '@ttt-e2e/tensor-ops'
import { heldBytes, listeningApp, tinyModel, until } from './testing'

type App = Awaited<ReturnType<typeof listeningApp>>

let app: App
beforeAll(async () => void (app = await listeningApp(await tinyModel())))
afterAll(() => app.close())

/** Small requests of every kind, over a socket. */
async function ask(id: string, count: number): Promise<void> {
  const at = (path: string) => `${app.url}/v1/memories/${path}`
  for (let i = 0; i < count; i++) {
    const { id: fork } = await (await app.post(`/v1/memories/${id}/fork`, {})).json()
    const answers = [
      await app.post('/v1/completions', { prompt: 'It', memory: fork, max_tokens: 1, update: true }),
      await app.post(`/v1/memories/${fork}/read`, { text: 'A few words.', learn: i % 2 === 0 }),
      await app.post('/v1/completions', { prompt: 'It', memory: 'mem_0' }),
      await app.post('/tokenize', { prompt: 'a small text' }),
      await fetch(at(`${fork}/events`)),
      await fetch(at(fork), { method: 'DELETE' }),
    ]
    await Promise.all(answers.map((answer) => answer.arrayBuffer()))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 200, 200, 200])
  }
}

it('holds no more after many small requests than after some', async () => {
  const { id } = await (await app.post('/v1/memories', { text: 'The sea.' })).json()
  const held = async () => {
    await until(async () => (await app.value('requests_running')) === 0)
    return { tensors: liveTensors(), bytes: heldBytes() }
  }
  await ask(id, 60)
  const before = await held()
  await ask(id, 150)
  const after = await held()
  expect(after.tensors).toBe(before.tensors)
  // 1 050 requests: a kilobyte that each leaves behind would be more.
  expect(after.bytes - before.bytes).toBeLessThan(2 ** 20)
}, 60_000)
