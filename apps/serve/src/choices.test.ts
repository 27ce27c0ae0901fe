import { afterAll, beforeAll, expect, it } from 'vitest'
import { testApp, tinyModel, type TestApp } from './testing'

let test: TestApp
beforeAll(async () => {
  test = testApp(await tinyModel())
})
afterAll(() => test.services.dispose())

interface Choice {
  index: number
  text: string
  finish_reason: string
  logprobs: {
    tokens: string[]
    token_logprobs: (number | null)[]
    top_logprobs: (Record<string, number> | null)[]
    text_offset: number[]
  } | null
}

// The mark before a document would end them.
const endless = { logit_bias: { 256: -100 } }

async function complete(body: object): Promise<{ choices: Choice[]; usage: Record<string, number> }> {
  const answer = await test.request('POST', '/v1/completions', {
    max_tokens: 6,
    seed: 4,
    ...endless,
    ...body,
  })
  const json = await answer.json()
  expect({ status: answer.status, json }).toMatchObject({ status: 200 })
  return json
}

it('completes each of several prompts as it completes it alone', async () => {
  const prompts = ['It is ', 'The sea ']
  const alone = await Promise.all(prompts.map((prompt, i) => complete({ prompt, seed: 4 + i })))
  const together = await complete({ prompt: prompts })
  expect(together.choices.map(({ text }) => text)).toEqual(alone.map(({ choices }) => choices[0].text))
  expect(together.choices.map(({ index }) => index)).toEqual([0, 1])
  expect(together.usage).toMatchObject({ prompt_tokens: 14, completion_tokens: 12, tokens_read: 26 })
})

it('reads token ids as the text that they stand for', async () => {
  const ids = [...Buffer.from('It is ')]
  const [text, tokens, list] = await Promise.all(
    ['It is ', ids, [ids]].map(async (prompt) => (await complete({ prompt })).choices[0].text),
  )
  expect([tokens, list]).toEqual([text, text])
})

it('completes a prompt in several ways, and reads it once', async () => {
  const { choices, usage } = await complete({ prompt: 'It is ', n: 3 })
  expect(new Set(choices.map(({ text }) => text)).size).toBe(3)
  expect(usage).toMatchObject({ prompt_tokens: 6, completion_tokens: 18, tokens_read: 24 })
})

it('gives the likeliest of several', async () => {
  const mean = ({ logprobs }: Choice) =>
    logprobs!.tokens.length === 0
      ? -Infinity
      : logprobs!.token_logprobs.reduce<number>((sum, each) => sum + each!, 0) / logprobs!.tokens.length
  const all = await complete({ prompt: 'It is ', n: 4, logprobs: 0 })
  const best = await complete({ prompt: 'It is ', n: 1, best_of: 4, logprobs: 0 })
  const likeliest = all.choices.toSorted((a, b) => mean(b) - mean(a))[0]
  expect(best.choices).toHaveLength(1)
  expect(best.choices[0]).toEqual({ ...likeliest, index: 0 })
  expect(best.usage.completion_tokens).toBe(24)
})

it('tells how likely each token was', async () => {
  const { choices } = await complete({ prompt: 'It is ', logprobs: 2, temperature: 0 })
  const { tokens, token_logprobs: own, top_logprobs: top, text_offset: offsets } = choices[0].logprobs!
  expect(tokens).toHaveLength(6)
  expect(offsets[0]).toBe(0)
  // At temperature 0 each token is the likeliest.
  own.forEach((logprob, i) => {
    expect(Object.keys(top[i]!)).toHaveLength(2)
    expect(Math.max(...Object.values(top[i]!))).toBe(logprob)
  })
})

it('scores a prompt that it gives out again, as evaluation harnesses ask for it', async () => {
  const prompt = [...Buffer.from('The sea is')]
  const { choices } = await complete({
    prompt: [prompt],
    echo: true,
    logprobs: 1,
    max_tokens: 1,
    temperature: 0,
  })
  const { tokens, token_logprobs: own, top_logprobs: top } = choices[0].logprobs!
  expect(choices[0].text.startsWith('The sea is')).toBe(true)
  expect(tokens.slice(0, 10).join('')).toBe('The sea is')
  expect([own.length, top.length]).toEqual([11, 11])
  expect([own[0], top[0]]).toEqual([null, null])
  const twice = await complete({
    prompt: 'The sea is',
    echo: true,
    logprobs: 1,
    max_tokens: 1,
    temperature: 0,
  })
  expect(twice.choices[0].logprobs).toEqual(choices[0].logprobs)
  for (const [i, logprob] of own.slice(1).entries()) {
    expect(logprob).toBeLessThan(0)
    expect(Math.max(...Object.values(top[i + 1]!))).toBeGreaterThanOrEqual(logprob!)
  }
})

it('scores only what belongs to the text, where it ends before a stop', async () => {
  const { choices } = await complete({ prompt: 'It is ', max_tokens: 30, logprobs: 0 })
  const text = choices[0].text
  const stop = text.slice(12, 15)
  const cut = await complete({ prompt: 'It is ', max_tokens: 30, logprobs: 0, stop })
  expect(cut.choices[0]).toMatchObject({ text: text.slice(0, text.indexOf(stop)), finish_reason: 'stop' })
  const { tokens, text_offset: offsets } = cut.choices[0].logprobs!
  expect(tokens.length).toBeGreaterThan(0)
  tokens.forEach((token, i) => {
    if (!token.startsWith('token_id:')) expect(cut.choices[0].text.startsWith(token, offsets[i])).toBe(true)
  })
  expect(offsets.every((offset) => offset < cut.choices[0].text.length)).toBe(true)
})

it('streams choices one after another, each with its end', async () => {
  const body = {
    prompt: ['It is ', 'The '],
    n: 2,
    max_tokens: 4,
    seed: 4,
    ...endless,
    stream: true,
    logprobs: 0,
  }
  const answer = await test.request('POST', '/v1/completions', body)
  const messages = (await answer.text())
    .split('\n\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)).choices[0] as Choice)
  const whole = await complete({ ...body, stream: false })
  for (const { index, text, finish_reason, logprobs } of whole.choices) {
    const own = messages.filter((message) => message.index === index)
    expect(own.map((message) => message.text).join('')).toBe(text)
    expect(own.at(-1)!.finish_reason).toBe(finish_reason)
    expect(own.flatMap((message) => message.logprobs!.tokens)).toEqual(logprobs!.tokens)
    expect(own.flatMap((message) => message.logprobs!.text_offset)).toEqual(logprobs!.text_offset)
  }
})

it('goes on where the model would end, where it is told to', async () => {
  const body = { prompt: 'It is ', max_tokens: 20, logit_bias: { 256: 100 } }
  expect((await complete(body)).usage.completion_tokens).toBe(0)
  expect((await complete({ ...body, ignore_eos: true })).usage.completion_tokens).toBe(20)
})
