import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { standBetween } from '../memories/store/testing/between'
import { eachSharedStore, sharedStores } from '../memories/store/testing/servers'
import { serveProcess } from '../serve-process'
import { tinyRun, until } from '../testing'
import { killAtRandom } from './kill-at-random'

let model: string
beforeAll(async () => void (model = await tinyRun()))

const random = { writers: 2, random: Math.random, milliseconds: 800, kills: 1 }

it('has every answered write after kill −9 under load, and nothing half: files', async () => {
  const store = mkdtempSync(join(tmpdir(), 'kills-'))
  const report = await killAtRandom({ ...random, model, store, replicas: 1 })
  expect(report.wrong).toEqual([])
  expect(report.answered).toBeGreaterThan(0)
}, 240_000)

const ask = async ({ url }: { url: string }, method: string, path: string, body?: object) => {
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(url + path, { method, ...(body && json) })
  return { status: answer.status, ...(await answer.json()) }
}

describe.each(eachSharedStore)('two replicas of one store: $name', ({ missing, start }) => {
  it.skipIf(missing)(
    'have every answered write of clients that alternate, also when one of them is killed',
    async () => {
      const store = await start()
      const report = await killAtRandom({ ...random, model, store: store.url, replicas: 2 })
      expect(report.wrong).toEqual([])
      expect(report.answered).toBeGreaterThan(0)
      await store.stop()
    },
    240_000,
  )

  it.skipIf(missing)(
    'serve what either wrote, also when one is killed',
    async () => {
      const store = await start()
      const [one, two] = await Promise.all(
        [1, 2].map(() => serveProcess('--model', model, '--store', store.url)),
      )
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

      const lost = { text: 'Lost. '.repeat(3000) }
      const dying = ask(one, 'POST', `/v1/memories/${id}/read`, lost).catch(() => {})
      await one.kill()
      await dying
      expect(await ask(two, 'GET', `/v1/memories/${id}`)).toMatchObject({ tokens })
      expect((await ask(two, 'POST', `/v1/memories/${id}/read`, { text: 'More.' })).status).toBe(200)
      await two.kill()
      await store.stop()
    },
    120_000,
  )
})

it.skipIf(sharedStores.s3.missing)(
  'changes nothing where a replica dies between the file and the record of a write: s3',
  async () => {
    const store = await sharedStores.s3.start()
    let files = 0
    let isHeld = false
    const between = await standBetween(store.port, ({ method, url }) => {
      if (method === 'PUT' && url?.includes('/contents/')) files++
      isHeld ||= method === 'PUT' && url!.includes('/records/') && files === 2
      return isHeld ? 'held' : 'answered'
    })
    const around = store.url.replace(String(store.port), String(between.port))
    const [one, two] = await Promise.all(
      [around, store.url].map((url) => serveProcess('--model', model, '--store', url)),
    )
    const { id, ...made } = await ask(one, 'POST', '/v1/memories', { text: 'The sea keeps.' })
    const dying = ask(one, 'POST', `/v1/memories/${id}/read`, { text: ' It gives.' }).catch(() => 'no answer')
    await until(() => isHeld)
    await one.kill()
    expect(await dying).toBe('no answer')
    const { tokens, version } = await ask(two, 'GET', `/v1/memories/${id}`)
    expect({ tokens, version }).toEqual({ tokens: made.tokens, version: made.version })
    expect(await ask(two, 'POST', `/v1/memories/${id}/read`, { text: ' More.' })).toMatchObject({
      status: 200,
      tokens: made.tokens + 6,
    })
    await two.kill()
    between.close()
    await store.stop()
  },
  120_000,
)
