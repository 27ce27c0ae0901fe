import { afterEach, beforeAll, expect, it } from 'vitest'
import type { Model } from '@ttt-e2e/checkpoint'
import { liveTensors } from '@ttt-e2e/tensor-ops'
import { testApp, tinyModel, type TestApp } from './testing'

let model: Model
let test: TestApp
beforeAll(async () => {
  model = await tinyModel()
})
afterEach(() => test.service.prefixes.dispose())

const text = 'It is a truth universally acknowledged, that a single man in possession of a good fortune. '
const complete = async (prompt: string | string[], more: object = {}) =>
  (await test.request('POST', '/v1/completions', { prompt, max_tokens: 12, seed: 4, ...more })).json()

// A chunk of 8 is learned from when the token after it is known.
const learnedBefore = (tokens: number) => 8 * Math.floor(Math.max(0, tokens - 1) / 8)

it('reads what prompts share once, and answers as if it had read all of each', async () => {
  test = testApp(model, { limits: { prefixes: 0 } })
  const prompts = [text + 'And?', text + 'And then?', text + text]
  const alone = await Promise.all(prompts.map((prompt) => complete(prompt, { logprobs: 1 })))
  test = testApp(model)
  // A turn at the model reads 32 tokens here: borders lie at multiples of them.
  const border = 32 * Math.floor(text.length / 32)
  for (const [i, prompt] of prompts.entries()) {
    const answer = await complete(prompt, { logprobs: 1 })
    expect(answer.choices).toEqual(alone[i].choices)
    const cached = i === 0 ? 0 : border
    expect(answer.usage).toMatchObject({
      prompt_tokens: prompt.length,
      prompt_tokens_details: { cached_tokens: cached },
      tokens_reused: cached,
      tokens_read: prompt.length - cached + answer.usage.completion_tokens,
      tokens_learned: alone[i].usage.tokens_learned - learnedBefore(cached),
    })
  }
})

it('lets a growing conversation pay for what is new', async () => {
  test = testApp(model)
  const messages = [{ role: 'user', content: text }]
  const ask = async () =>
    (await test.request('POST', '/v1/chat/completions', { messages, max_tokens: 8, seed: 4 })).json()
  const first = await ask()
  messages.push(
    { role: 'assistant', content: first.choices[0].message.content },
    { role: 'user', content: 'And?' },
  )
  const { usage } = await ask()
  expect(usage.tokens_reused).toBeGreaterThan(first.usage.prompt_tokens - 32)
})

it('keeps so many beginnings as it may, and frees the others', async () => {
  test = testApp(model, { limits: { prefixes: 2 } })
  for (const first of ['A', 'B']) await complete(first + text)
  const before = liveTensors()
  for (const first of ['C', 'D', 'E']) await complete(first + text)
  expect(liveTensors()).toBe(before)
  expect((await complete(`D${text}`)).usage.tokens_reused).toBe(64)
  expect((await complete(`C${text}`)).usage.tokens_reused).toBe(0)
  // Memories go on by themselves.
  const memory = await (await test.request('POST', '/v1/memories', { text: 'It is.' })).json()
  expect((await complete(`D${text}`, { memory: memory.id })).usage.tokens_reused).toBe(6)
})
