import { afterEach, beforeAll, expect, it } from 'vitest'
import type { Model } from '@ttt-e2e/checkpoint'
import { liveTensors } from '@ttt-e2e/tensor-ops'
import { ReaderGroup } from '@ttt-e2e/ttt-inner'
import { testApp, tinyModel, type TestApp } from './testing'

let model: Model
let test: TestApp
let rows: number[]
beforeAll(async () => {
  model = await tinyModel()
})
const { step } = ReaderGroup.prototype
afterEach(() => {
  ReaderGroup.prototype.step = step
  test.service.prefixes.dispose()
})

/** Counts how many rows each pass through the model has. */
function countRows(): void {
  rows = []
  ReaderGroup.prototype.step = function (steps) {
    rows.push(steps.length)
    return step.call(this, steps)
  }
}

const prompts = ['It is ', 'The sea is deep, and ', 'A', 'Whoever reads this, reads it ']
const complete = async (prompt: string, more: object = {}, signal?: AbortSignal) => {
  const body = { prompt, max_tokens: 24, seed: 4, logit_bias: { 256: -100 }, learn: true, ...more }
  const answer = await test.app.request('http://localhost/v1/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  })
  return answer.json()
}

it('decodes what several ask together, and answers each as it would alone', async () => {
  test = testApp(model)
  const alone = []
  for (const prompt of prompts) alone.push(await complete(prompt))
  countRows()
  const together = await Promise.all(prompts.map((prompt) => complete(prompt)))
  expect(together.map(({ choices }) => choices)).toEqual(alone.map(({ choices }) => choices))
  expect(together.map(({ usage }) => usage.tokens_learned)).toEqual(
    alone.map(({ usage }) => usage.tokens_learned),
  )
  expect(rows.filter((count) => count === prompts.length).length).toBeGreaterThan(10)
  expect(rows.length).toBeLessThan(2 * 24)
})

it('decodes each by itself where it is to be deterministic', async () => {
  test = testApp(model, { deterministic: true })
  countRows()
  await Promise.all(prompts.map((prompt) => complete(prompt)))
  expect(new Set(rows)).toEqual(new Set([1]))
})

it('goes on with the others where one is gone, and frees everything', async () => {
  test = testApp(model)
  await complete('It is ')
  const before = liveTensors()
  const gone = new AbortController()
  const work = prompts.map((prompt, i) =>
    complete(prompt, { max_tokens: 60 }, i === 1 ? gone.signal : undefined).catch(() => 'gone'),
  )
  setTimeout(() => gone.abort(), 30)
  const answers = await Promise.all(work)
  for (const [i, answer] of answers.entries()) if (i !== 1) expect(answer.usage.completion_tokens).toBe(60)
  expect(liveTensors()).toBe(before)
})

it('tells all of a pass that has failed, and serves on', async () => {
  test = testApp(model)
  let fails = true
  ReaderGroup.prototype.step = function (steps) {
    if (fails && steps.length > 1) return Promise.reject(new Error('no memory left'))
    return step.call(this, steps)
  }
  const answers = await Promise.all(prompts.map((prompt) => complete(prompt)))
  expect(answers.some(({ error }) => error)).toBe(true)
  fails = false
  expect((await complete('It is ')).usage.completion_tokens).toBe(24)
})
