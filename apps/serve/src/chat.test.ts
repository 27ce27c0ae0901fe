import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listeningApp, tinyModel } from './testing'

let test: Awaited<ReturnType<typeof listeningApp>>
let client: OpenAI
beforeAll(async () => {
  test = await listeningApp(await tinyModel())
  client = new OpenAI({ baseURL: `${test.url}/v1`, apiKey: 'none', maxRetries: 0 })
})
afterAll(() => test.close())

const user = { role: 'user' as const, content: 'Who is it?' }
const body = { model: 'tiny', messages: [user], max_completion_tokens: 12, seed: 4 }
const endless = { logit_bias: { 256: -100 } }

it('answers as a completion of the transcript', async () => {
  const answer = await client.chat.completions.create({
    ...body,
    messages: [{ role: 'system', content: 'Be kind.' }, user, { role: 'assistant', content: 'I.' }, user],
  })
  const prompt = 'system: Be kind.\n\nuser: Who is it?\n\nassistant: I.\n\nuser: Who is it?\n\nassistant:'
  const stop = ['\nsystem:', '\nuser:', '\ntool:']
  const same = await client.completions.create({ model: 'tiny', prompt, max_tokens: 12, seed: 4, stop })
  expect(answer).toMatchObject({
    object: 'chat.completion',
    model: 'tiny',
    choices: [{ index: 0, message: { role: 'assistant', content: same.choices[0].text.trimStart() } }],
    usage: { prompt_tokens: prompt.length, completion_tokens: same.usage!.completion_tokens },
  })
})

it('streams the same, with its role first and its usage at the end', async () => {
  const whole = await client.chat.completions.create({ ...body, n: 2 })
  const stream = await client.chat.completions.create({
    ...body,
    n: 2,
    stream: true,
    stream_options: { include_usage: true },
  })
  const texts = ['', '']
  const roles: unknown[] = []
  const ends: unknown[] = []
  let last: OpenAI.ChatCompletionChunk | undefined
  for await (const chunk of stream) {
    last = chunk
    for (const { index, delta, finish_reason: end } of chunk.choices) {
      texts[index] += delta.content ?? ''
      if (delta.role) roles.push([index, delta.role])
      if (end) ends.push(end)
    }
  }
  expect(texts).toEqual(whole.choices.map(({ message }) => message.content))
  expect(roles).toEqual([
    [0, 'assistant'],
    [1, 'assistant'],
  ])
  expect(ends).toEqual(whole.choices.map((choice) => choice.finish_reason))
  expect(last).toMatchObject({ choices: [], usage: whole.usage })
})

it('reads messages in parts, and what else clients say of them', async () => {
  const plain = await client.chat.completions.create(body)
  const parts = await client.chat.completions.create({
    ...body,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Who ' },
          { type: 'text', text: 'is it?' },
        ],
      },
    ],
  })
  expect(parts.choices[0].message).toEqual(plain.choices[0].message)
  const answered = { role: 'assistant' as const, content: 'I.', refusal: null, annotations: [], audio: null }
  const messages = [user, answered, { role: 'developer' as const, content: 'Be kind.' }, user]
  await client.chat.completions.create({ ...body, messages } as never)
})

it('tells how likely each token was', async () => {
  const { choices } = await client.chat.completions.create({
    ...body,
    ...endless,
    logprobs: true,
    top_logprobs: 3,
  })
  const { content } = choices[0].logprobs!
  expect(content).toHaveLength(12)
  for (const { token, logprob, bytes, top_logprobs: top } of content!) {
    expect(top).toHaveLength(3)
    expect(logprob).toBeLessThanOrEqual(top[0].logprob)
    if (bytes) expect(Buffer.from(bytes).toString()).toBe(token)
  }
})

it('goes on from a memory', async () => {
  const { id } = await client.post<{ id: string }>('/memories', { body: { text: 'It is said.' } })
  const answer = await client.chat.completions.create({ ...body, memory: id, update: true } as typeof body)
  expect(answer.usage).toMatchObject({ tokens_reused: 11 })
  expect(await client.get(`/memories/${id}`)).toMatchObject({ tokens: 11 + answer.usage!.total_tokens })
})

it('takes what other clients send, where it changes nothing', async () => {
  const more = {
    response_format: { type: 'text' },
    tool_choice: 'auto',
    parallel_tool_calls: true,
    top_k: -1,
    min_p: 0,
    repetition_penalty: 1,
    presence_penalty: 0,
    modalities: ['text'],
    tools: [],
    stop: null,
    user: 'someone',
    metadata: {},
  }
  const answer = await client.chat.completions.create({ ...body, ...more } as never)
  expect(answer).toMatchObject({ choices: [{ message: { role: 'assistant' } }] })
})

it.each([
  [{ messages: [] }, 'messages', 'must be given'],
  [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages.0.role', 'must be one of system, developer'],
  [
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
    'messages.0.content',
    'parts of type text',
  ],
  [{ response_format: { type: 'json_object' } }, 'response_format.type', 'follows no grammar'],
  [{ tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools', 'no place for tools'],
  [{ top_logprobs: 2 }, 'top_logprobs', 'needs logprobs: true'],
  [{ max_completion_tokens: 1e9 }, 'max_completion_tokens', 'from 0 to 4096'],
])('refuses %j in a sentence', async (wrong, param, says) => {
  await expect(client.chat.completions.create({ ...body, ...wrong } as never)).rejects.toMatchObject({
    status: 400,
    param,
    message: expect.stringContaining(says),
  })
})

it('tells tokens, as lm-eval asks for them', async () => {
  const post = async (path: string, asked: object) => (await test.post(path, asked)).json()
  const { tokens } = await post('/tokenize', { prompt: 'é!', add_special_tokens: false })
  expect(tokens).toEqual([0xc3, 0xa9, 0x21])
  expect(await post('/detokenize', { tokens })).toEqual({ prompt: 'é!' })
  expect(await post('/tokenize', { messages: [user] })).toMatchObject({
    count: 'user: Who is it?\n\nassistant:'.length,
  })
  expect(await post('/detokenize', { tokens: [300] })).toMatchObject({ error: { param: 'tokens' } })
  expect(await post('/tokenize', {})).toMatchObject({ error: { param: 'prompt' } })
  expect(await (await fetch(`${test.url}/tokenizer_info`)).json()).toMatchObject({
    vocab_size: 257,
    eos_token: null,
  })
})
