import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { decodeMemory, encodeMemory, type Memory, type Model } from '@ttt-e2e/checkpoint'
import { ReaderGroup } from '@ttt-e2e/ttt-inner'
import { memoryRecordSchema } from './memories/memory-record'
import { FilesStore } from './memories/store/files/files-store'
import { testApp, tinyModel, type TestApp } from './testing'

let model: Model
let test: TestApp
beforeAll(async () => void (model = await tinyModel()))
const { read } = ReaderGroup.prototype
afterEach(async () => {
  ReaderGroup.prototype.read = read
  test.services.dispose()
  await test.services.store.close()
})

const sea = 'The sea keeps what it takes, and gives back what it will. '.repeat(3)
const ask = async (path: string, body?: object) =>
  (await test.request(body ? 'POST' : 'GET', `/v1/${path}`, body)).json()
const remember = (text: string, learn = true) => ask('memories', { text, ...(!learn && { learn }) })
const exported = async ({ id }: { id: string }) =>
  Buffer.from(await (await test.request('GET', `/v1/memories/${id}/export`)).arrayBuffer())

/** The tensors of a memory, by name. */
async function tensorsOf(memory: Memory | Buffer): Promise<Record<string, number[]>> {
  const read = 'reader' in memory ? memory : decodeMemory(model, memory)
  const { tensors } = await read.reader.save()
  read.dispose()
  return Object.fromEntries(Object.entries(tensors).map(([name, { values }]) => [name, [...values]]))
}
const weightsOf = async (memory: Memory | Buffer) =>
  Object.entries(await tensorsOf(memory)).filter(([name]) => name.startsWith('fast.'))

/** What the model makes of texts by itself, in the pieces that a server reads. */
async function madeOf(...texts: [text: string, learn: boolean][]): Promise<Buffer> {
  const memory = model.startMemory()
  for (const [text, learn] of texts) await model.read(text, { memory, learn, pieceLength: 32 })
  const bytes = Buffer.from(await encodeMemory(memory))
  memory.dispose()
  return bytes
}

it('reads a text, and its weights stay to the bit; all else is as the model has it that reads so', async () => {
  test = testApp(model)
  const made = await remember(sea, false)
  expect(made).toMatchObject({ tokens: sea.length, steps: 0 })
  const saved = await exported(made)
  expect(saved.equals(await madeOf([sea, false]))).toBe(true)
  expect(saved.equals(await madeOf([sea, true]))).toBe(false)
  const untouched = await weightsOf(model.startMemory())
  expect(untouched.length).toBeGreaterThan(0)
  expect(await weightsOf(saved)).toEqual(untouched)

  const plain = await test.request('POST', '/v1/memories?learn=false', sea, { 'content-type': 'text/plain' })
  expect((await exported(await plain.json())).equals(saved)).toBe(true)
})

it('goes on from what it has learned, without learning, and learns again afterwards', async () => {
  test = testApp(model)
  const { id, steps } = await remember(`${sea}It`)
  const learned = await exported({ id })
  expect(await ask(`memories/${id}/read`, { text: sea, learn: false })).toMatchObject({
    tokens: 2 * sea.length + 2,
    steps,
  })
  const after = await exported({ id })
  expect(await weightsOf(after)).toEqual(await weightsOf(learned))
  expect(await tensorsOf(after)).not.toEqual(await tensorsOf(learned))
  const again = await ask(`memories/${id}/read`, { text: sea })
  expect(again.steps).toBeGreaterThan(steps)
  const expected = await madeOf([`${sea}It`, true], [sea, false], [sea, true])
  expect((await exported({ id })).equals(expected)).toBe(true)
})

it('reads with learning and without in passes of their own, each as it would alone', async () => {
  test = testApp(model)
  const texts = ['a', 'b', 'c', 'd', 'e'].map((letter) => (letter + sea).slice(0, 160))
  const learns = [true, false, true, false, false]
  const alone = await Promise.all(texts.map(async (text, i) => tensorsOf(await madeOf([text, learns[i]]))))
  const passes: boolean[][] = []
  ReaderGroup.prototype.read = function (pieces) {
    passes.push(pieces.map(({ learn }) => learn))
    return read.call(this, pieces)
  }
  const made = await Promise.all(texts.map((text, i) => remember(text, learns[i])))
  expect(passes.every((pass) => new Set(pass).size === 1)).toBe(true)
  expect(passes.some((pass) => pass.length === 3 && !pass[0])).toBe(true)
  expect(passes.some((pass) => pass.length === 2 && pass[0])).toBe(true)
  const untouched = await weightsOf(model.startMemory())
  for (const [i, { id, steps }] of made.entries()) {
    expect(steps).toBe(learns[i] ? 19 : 0)
    const saved = await exported({ id })
    if (!learns[i]) expect(await weightsOf(saved)).toEqual(untouched)
    for (const [name, values] of Object.entries(await tensorsOf(saved)))
      values.forEach((value, at) => expect(value).toBeCloseTo(alone[i][name][at], 4))
  }
})

it('is saved and restored, undone to the bit, and tells what was learned from', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'still-'))
  test = testApp(model, { store: new FilesStore(folder) })
  const { id } = await remember(sea, false)
  const { id: before } = await ask(`memories/${id}/fork`, {})
  const saved = await exported({ id })
  test.services.dispose()
  await test.services.store.close()

  test = testApp(model, { store: new FilesStore(folder) })
  expect((await exported({ id })).equals(saved)).toBe(true)
  await ask(`memories/${id}/read`, { text: 'And more of it.', learn: false, passages: true })
  const expected = await madeOf([sea, false], ['And more of it.', false])
  expect((await exported({ id })).equals(expected)).toBe(true)
  const { losses, passages } = await ask(`memories/${id}/events`)
  expect([losses.at(-1).tokens, passages]).toEqual([15, []])
  await ask('completions', { prompt: 'It', memory: id, max_tokens: 1, update: true, learn_prompt: false })
  await ask(`memories/${id}/read`, { text: 'Learned.' })
  const { data } = await ask(`memories/${id}/provenance`)
  expect(data.map(({ kind, learn }: { kind: string; learn: boolean }) => [kind, learn])).toEqual([
    ['text', false],
    ['text', false],
    ['completion', false],
    ['text', true],
  ])
  await ask(`memories/${id}/reset`, { to: before })
  expect((await exported({ id })).equals(saved)).toBe(true)
  expect((await ask(`memories/${id}/provenance`)).data).toMatchObject([{ kind: 'text', learn: false }])

  // A record that was written before anything could be read so.
  const record = (await test.services.store.get(id))!
  const [{ learn: _, ...source }] = record.sources
  expect(memoryRecordSchema.parse({ ...record, sources: [source] }).sources).toEqual([
    { ...source, learn: true },
  ])
})

it('answers from a prompt that it did not learn from, and shares no beginning with what did', async () => {
  test = testApp(model, { limits: { prefixes: 0 } })
  const question = { prompt: sea, max_tokens: 12, temperature: 0, logprobs: 1 }
  const still = { ...question, learn_prompt: false }
  const alone = [await ask('completions', question), await ask('completions', still)]
  expect(alone[0].choices[0].logprobs).not.toEqual(alone[1].choices[0].logprobs)
  test.services.dispose()

  test = testApp(model)
  const border = 32 * Math.floor(sea.length / 32)
  for (const reused of [0, border])
    for (const [i, asked] of [question, still].entries()) {
      const { choices, usage } = await ask('completions', asked)
      expect([choices, usage.tokens_reused]).toEqual([alone[i].choices, reused])
      if (asked === still) expect(usage.tokens_learned).toBe(0)
      else if (reused === 0) expect(usage.tokens_learned).toBeGreaterThan(0)
    }

  // Scores, which are read token by token.
  const scored = async (body: object) => {
    const { choices } = await ask('completions', {
      ...body,
      prompt: sea,
      echo: true,
      max_tokens: 0,
      logprobs: 0,
    })
    return choices[0].logprobs.token_logprobs as number[]
  }
  const memory = model.startMemory()
  const nats: number[] = []
  await model.read(sea, { memory, learn: false, onProgress: ({ losses }) => void nats.push(...losses) })
  memory.dispose()
  const scores = await scored({ learn_prompt: false })
  scores.slice(1).forEach((score, i) => expect(-score).toBeCloseTo(nats[i + 1], 4))
  expect(await scored({})).not.toEqual(scores)
})

it('updates a memory without moving its weights, and answers conversations so', async () => {
  test = testApp(model)
  const { id, steps } = await remember(sea)
  const weights = await weightsOf(await exported({ id }))
  const asked = { memory: id, learn_prompt: false, max_tokens: 9, update: true }
  await ask('completions', { ...asked, prompt: sea })
  await ask('chat/completions', { ...asked, messages: [{ role: 'user', content: sea }] })
  const after = await ask(`memories/${id}`)
  expect(after.steps).toBe(steps)
  expect(after.tokens).toBeGreaterThan(3 * sea.length)
  expect(await weightsOf(await exported({ id }))).toEqual(weights)

  const learned = () => test.value('inner_steps_total')
  const before = await learned()
  const input = { input: sea, max_output_tokens: 4 }
  const first = await ask('responses', { ...input, learn_prompt: false })
  await ask('responses', { ...input, learn_prompt: false, previous_response_id: first.id })
  expect(await learned()).toBe(before)
  await ask('responses', input)
  expect(await learned()).toBeGreaterThan(before)
})

it('refuses what says neither', async () => {
  test = testApp(model)
  expect(await ask('memories', { text: sea, learn: 'no' })).toMatchObject({ error: { param: 'learn' } })
  expect(await ask('memories?learn=maybe', { text: sea })).toMatchObject({ error: { param: 'learn' } })
  expect(await ask('completions', { prompt: sea, learn_prompt: 0 })).toMatchObject({
    error: { param: 'learn_prompt', message: 'learn_prompt: must be true or false' },
  })
})
