import { createRandom } from '@ttt-e2e/tensor-ops'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { testApp, tinyModel, type TestApp } from '../testing'
import { hashOf, Keys, newKey } from './keys'

const [ann, bob] = [newKey(), newKey()]
const tenant = (name: string) => ({ name, limits: {}, operator: false })
const keys = new Keys(
  [ann, bob].map((key, i) => ({ sha256: hashOf(key), tenant: tenant(i === 0 ? 'ann' : 'bob') })),
)

let test: TestApp
/** What ann has: a memory of a secret, what she said of it, and a response that goes on from it. */
let hers: { memory: string; response: string; secret: string }
beforeAll(async () => {
  test = testApp(await tinyModel(), { keys })
  const secret = 'The key lies under the seventh stone.'
  const named = { text: secret, name: secret, passages: true }
  const memory = (await ask(ann, 'POST', '/v1/memories', named)).json.id
  const response = (await ask(ann, 'POST', '/v1/responses', { input: secret, max_output_tokens: 1 })).json.id
  hers = { memory, response, secret }
})
afterAll(() => test.services.dispose())

const ask = async (key: string, method: string, path: string, body?: unknown) => {
  const answer = await test.request(method, path, body, { authorization: `Bearer ${key}` })
  const text = await answer.text()
  return { status: answer.status, text, json: text.startsWith('{') ? JSON.parse(text) : undefined }
}

type Request = [method: string, path: string, body?: unknown]

/** Every request that names a memory or a response. @param own a memory of the one who asks */
const requests = (memory: string, response: string, own: string): Request[] => [
  ['GET', `/v1/memories/${memory}`],
  ['DELETE', `/v1/memories/${memory}`],
  ['GET', `/v1/memories/${memory}/events`],
  ['GET', `/v1/memories/${memory}/provenance`],
  ['GET', `/v1/memories/${memory}/export`],
  ['GET', `/v1/memories/${memory}/diff/${own}`],
  ['GET', `/v1/memories/${own}/diff/${memory}`],
  ['POST', `/v1/memories/${memory}/read`, { text: 'a' }],
  ['POST', `/v1/memories/${memory}/fork`, {}],
  ['POST', `/v1/memories/${memory}/reset`],
  ['POST', `/v1/memories/${memory}/settings`, { pinned: true }],
  ['POST', '/v1/completions', { prompt: 'a', max_tokens: 1, memory }],
  ['POST', '/v1/completions', { prompt: 'a', max_tokens: 1, memory, update: true, stream: true }],
  [
    'POST',
    '/v1/chat/completions',
    { messages: [{ role: 'user', content: 'a' }], max_completion_tokens: 1, memory },
  ],
  ['POST', '/v1/responses', { input: 'a', max_output_tokens: 1, memory }],
  ['POST', '/v1/responses', { input: 'a', max_output_tokens: 1, previous_response_id: response }],
  ['GET', `/v1/responses/${response}`],
  ['DELETE', `/v1/responses/${response}`],
]

it("answers for another's memories and responses, to the letter, as for those that never were", async () => {
  const own = (await ask(bob, 'POST', '/v1/memories', { text: 'Mine.' })).json.id
  const before = await ask(ann, 'GET', `/v1/memories/${hers.memory}`)
  const theirs = requests(hers.memory, hers.response, own)
  const never = requests(`mem_${'0'.repeat(24)}`, `resp_${'0'.repeat(48)}`, own)
  for (const [i, [method, path, body]] of theirs.entries()) {
    const found = await ask(bob, method, path, body)
    const [, otherPath, otherBody] = never[i]
    const absent = await ask(bob, method, otherPath, otherBody)
    const plain = ({ status, text }: typeof found) => [status, text.replace(/(mem|resp)_[0-9a-f]+/g, '…')]
    expect([path, ...plain(found)]).toEqual([path, ...plain(absent)])
    expect(found.status).toBe(404)
  }
  expect(await ask(ann, 'GET', `/v1/memories/${hers.memory}`)).toEqual(before)
  expect((await ask(ann, 'GET', `/v1/responses/${hers.response}`)).status).toBe(200)
})

it('shows nothing of another, whatever is asked, guessed and listed', async () => {
  const random = createRandom(7)
  const own = new Set<string>()
  const pick = <T>(all: readonly T[]): T => all[random.integer(all.length)]
  /** Hers, bob's own, and what looks like either. */
  const guessed = () => {
    const { memory } = hers
    const near = `${memory.slice(0, -1)}${random.integer(16).toString(16)}`
    const odd = [memory.toUpperCase(), `${memory}%00`, `${memory}/../${memory}`, `../ann/${memory}`, `%2e%2e%2f${memory}`, `${memory}?tenant=ann`, 'ann', '*', memory.slice(4)] // prettier-ignore
    return pick([memory, memory, near, near === memory ? memory : near, ...own, ...odd])
  }
  for (let i = 0; i < 120; i++) {
    const made = i % 10 === 0 ? await ask(bob, 'POST', '/v1/memories', { text: `Mine ${i}.` }) : undefined
    if (made) own.add(made.json.id)
    const [method, path, body] = pick([
      ...requests(guessed(), pick([hers.response, `resp_${guessed()}`]), pick([...own])),
      ['GET', '/v1/memories'] as Request,
      ['GET', `/v1/memories?tenant=ann&name=${encodeURIComponent(hers.secret)}`] as Request,
    ])
    const { status, text, json } = await ask(bob, method, path, body)
    expect(status, `${method} ${path}`).toBeLessThan(500)
    expect(text, `${method} ${path}`).not.toContain('seventh stone')
    if (status < 300 && json?.object === 'memory') own.add(json.id)
    if (json?.object === 'memory.deleted') own.delete(json.id)
    if (own.size === 0) own.add((await ask(bob, 'POST', '/v1/memories', { text: 'Mine.' })).json.id)
  }
  const { data } = (await ask(bob, 'GET', '/v1/memories')).json
  expect(data.map(({ id }: { id: string }) => id).filter((id: string) => id === hers.memory)).toEqual([])
  const { json: kept } = await ask(ann, 'GET', `/v1/memories/${hers.memory}`)
  expect(kept).toMatchObject({ version: 1, name: hers.secret, pinned: false })
  expect((await ask(ann, 'GET', '/v1/memories')).json.data).toHaveLength(1)
})
