import { afterEach, beforeAll, expect, it } from 'vitest'
import type { Model } from '@ttt-e2e/checkpoint'
import { liveTensors } from '@ttt-e2e/tensor-ops'
import { ReaderGroup } from '@ttt-e2e/ttt-inner'
import { testApp, tinyModel, type TestApp } from './testing'

let model: Model
let test: TestApp
let rows: number[]
beforeAll(async () => void (model = await tinyModel()))
const { read } = ReaderGroup.prototype
afterEach(() => {
  ReaderGroup.prototype.read = read
  test.services.dispose()
})

/** Counts how many memories each pass reads into. */
function countRows(onPass: () => void = () => {}): void {
  rows = []
  ReaderGroup.prototype.read = function (pieces) {
    rows.push(pieces.length)
    onPass()
    return read.call(this, pieces)
  }
}

/** Of one length, so that their pieces fit; the last ends elsewhere. */
const texts = [
  'The sea keeps what it is given. ',
  'Whoever reads this reads a text',
  'It was a day in May, and rain. ',
]
  .map((text) => text.padEnd(32).repeat(4))
  .concat('Short. '.repeat(10))

const remember = async (text: string, signal?: AbortSignal) => {
  const answer = await test.app.request('http://localhost/v1/memories', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
    ...(signal && { signal }),
  })
  return answer.json()
}

/** What a memory is, and says. */
const look = async ({ id }: { id: string }) => {
  const { tokens, steps } = await (await test.request('GET', `/v1/memories/${id}`)).json()
  const question = { prompt: 'It', memory: id, temperature: 0, max_tokens: 12 }
  const { choices } = await (await test.request('POST', '/v1/completions', question)).json()
  const saved = await test.request('GET', `/v1/memories/${id}/export`)
  return { tokens, steps, text: choices[0].text, saved: Buffer.from(await saved.arrayBuffer()) }
}

async function readAll(inTurns: boolean): Promise<Awaited<ReturnType<typeof look>>[]> {
  const made = []
  if (inTurns) for (const text of texts) made.push(await remember(text))
  else made.push(...(await Promise.all(texts.map((text) => remember(text)))))
  return Promise.all(made.map(look))
}

it('reads what several send in the same passes, and remembers each as it would alone', async () => {
  test = testApp(model)
  const alone = await readAll(true)
  countRows()
  const together = await readAll(false)
  const facts = ({ tokens, steps, text }: (typeof alone)[0]) => ({ tokens, steps, text })
  expect(together.map(facts)).toEqual(alone.map(facts))
  // The first piece may go before the other texts are here.
  const pieces = texts[0].length / (4 * model.system.rule!.chunk)
  expect(rows.filter((count) => count >= 3).length).toBeGreaterThanOrEqual(pieces - 1)
})

it('reads each by itself, to the bit as alone, where it is to be deterministic', async () => {
  test = testApp(model, { deterministic: true })
  const alone = await readAll(true)
  countRows()
  const together = await readAll(false)
  expect(new Set(rows)).toEqual(new Set([1]))
  together.forEach(({ saved }, i) => expect(saved.equals(alone[i].saved)).toBe(true))
})

it('reads on for the others where one is gone, and frees everything', async () => {
  test = testApp(model)
  await remember(texts[0])
  const before = liveTensors()
  const gone = new AbortController()
  countRows(() => void (rows.length === 4 && gone.abort()))
  const long = texts.slice(0, 3).map((text) => text.repeat(4))
  const answers = await Promise.all(
    long.map((text, i) => remember(text, i === 1 ? gone.signal : undefined).catch(() => ({ gone: true }))),
  )
  expect(answers.map(({ tokens }) => tokens)).toEqual([long[0].length, undefined, long[2].length])
  expect(rows).toContain(2)
  for (const { id } of answers) if (id) await test.request('DELETE', `/v1/memories/${id}`)
  expect(liveTensors()).toBe(before)
})

it('tells all of a pass that has failed, and serves on', async () => {
  test = testApp(model)
  ReaderGroup.prototype.read = () => Promise.reject(new Error('no memory left'))
  const answers = await Promise.all(texts.map((text) => remember(text)))
  expect(answers.every(({ error }) => error.type === 'server_error')).toBe(true)
  ReaderGroup.prototype.read = read
  expect(await remember(texts[3])).toMatchObject({ tokens: texts[3].length })
})
