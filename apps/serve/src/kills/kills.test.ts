import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { redisProgram, startRedis } from '../memories/store/testing/servers'
import { tinyRun } from '../testing'
import { killAtRandom } from './kill-at-random'
import { serveProcess } from '../serve-process'

let model: string
beforeAll(async () => void (model = await tinyRun()))

it('has every answered write after kill −9 under load, and nothing half: files', async () => {
  const store = mkdtempSync(join(tmpdir(), 'kills-'))
  const options = { model, store, writers: 2, random: Math.random, milliseconds: 800 }
  const report = await killAtRandom({ ...options, kills: 1 })
  expect(report.wrong).toEqual([])
  expect(report.answered).toBeGreaterThan(0)
}, 240_000)

it.skipIf(!redisProgram)(
  'serves from two replicas what either wrote, also when one is killed',
  async () => {
    const redis = await startRedis()
    const [one, two] = await Promise.all(
      [1, 2].map(() => serveProcess('--model', model, '--store', redis.url)),
    )
    const ask = async ({ url }: { url: string }, method: string, path: string, body?: object) => {
      const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      const answer = await fetch(url + path, { method, ...(body && json) })
      return { status: answer.status, ...(await answer.json()) }
    }
    const { id } = await ask(one, 'POST', '/v1/memories', { text: 'The sea keeps.' })
    let tokens = 14
    for (const replica of [two, one, two, one]) {
      const read = await ask(replica, 'POST', `/v1/memories/${id}/read`, { text: ' It gives.' })
      expect(read).toMatchObject({ status: 200, tokens: (tokens += 10) })
    }
    const question = { prompt: 'It', memory: id, temperature: 0, max_tokens: 8 }
    const answers = [one, two].map((replica) => ask(replica, 'POST', '/v1/completions', question))
    const [a, b] = await Promise.all(answers)
    expect(a.choices).toEqual(b.choices)

    // Both read on from the same version: the second to store finds another one there.
    const both = [one, two].map((replica) =>
      ask(replica, 'POST', `/v1/memories/${id}/read`, { text: 'And the rest of it. '.repeat(40) }),
    )
    const statuses = (await Promise.all(both)).map(({ status }) => status).toSorted()
    expect(statuses).toEqual([200, 409])
    tokens += 800

    const dying = ask(one, 'POST', `/v1/memories/${id}/read`, { text: 'Lost. '.repeat(3000) }).catch(() => {})
    await one.kill()
    await dying
    expect(await ask(two, 'GET', `/v1/memories/${id}`)).toMatchObject({ tokens })
    expect((await ask(two, 'POST', `/v1/memories/${id}/read`, { text: 'More.' })).status).toBe(200)
    await two.kill()
    await redis.stop()
  },
  120_000,
)
