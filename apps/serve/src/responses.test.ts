import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { liveTensors } from '@ttt-e2e/tensor-ops'
import { listeningApp, tinyModel, until } from './testing'

let test: Awaited<ReturnType<typeof listeningApp>>
let client: OpenAI
beforeAll(async () => {
  test = await listeningApp(await tinyModel(), { limits: { responses: 3 } })
  client = new OpenAI({ baseURL: `${test.url}/v1`, apiKey: 'none', maxRetries: 0 })
})
afterAll(() => test.close())

const body = { model: 'tiny', max_output_tokens: 10, seed: 4, logit_bias: { 256: -100 } }
const create = (more: object): Promise<OpenAI.Responses.Response> =>
  client.responses.create({ ...body, ...more } as OpenAI.Responses.ResponseCreateParamsNonStreaming)

it('answers as a chat does', async () => {
  const response = await create({ input: 'Who?', instructions: 'Be kind.' })
  const chat = await client.chat.completions.create({
    model: 'tiny',
    messages: [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'Who?' },
    ],
    max_completion_tokens: 10,
    seed: 4,
    logit_bias: { 256: -100 },
  })
  expect(response.output_text).toBe(chat.choices[0].message.content)
  expect(response).toMatchObject({
    object: 'response',
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
    output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text' }] }],
    usage: {
      input_tokens: chat.usage!.prompt_tokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 10,
    },
  })
})

it('goes on from a response, and reads only what is new', async () => {
  const first = await create({ input: 'Who?' })
  const second = await create({ input: 'And where?', previous_response_id: first.id })
  const whole = await create({
    input: [
      { role: 'user', content: 'Who?' },
      { role: 'assistant', content: first.output_text },
      { role: 'user', content: 'And where?' },
    ],
  })
  expect(second.output_text).toBe(whole.output_text)
  expect(second.previous_response_id).toBe(first.id)
  expect(second.usage!.input_tokens).toBe(whole.usage!.input_tokens)
  expect(second.usage!.input_tokens_details.cached_tokens).toBe(first.usage!.input_tokens)
  // Two can go on from one.
  expect((await create({ input: 'And where?', previous_response_id: first.id })).output_text).toBe(
    second.output_text,
  )
})

it('reads all again where it was told something else before', async () => {
  const first = await create({ input: 'Who?', instructions: 'Be kind.' })
  const second = await create({ input: 'And?', previous_response_id: first.id, instructions: 'Be brief.' })
  expect(second.usage!.input_tokens_details.cached_tokens).toBe(0)
})

it('streams events that clients put together', async () => {
  const whole = await create({ input: 'Who?' })
  const events = await client.responses.create({
    ...body,
    input: 'Who?',
    stream: true,
  } as never as OpenAI.Responses.ResponseCreateParamsStreaming)
  const seen: OpenAI.Responses.ResponseStreamEvent[] = []
  for await (const event of events) seen.push(event)
  expect(seen.map(({ sequence_number: number }) => number)).toEqual(seen.map((_, i) => i))
  const text = seen.flatMap((event) => (event.type === 'response.output_text.delta' ? [event.delta] : []))
  expect(text.join('')).toBe(whole.output_text)
  expect(seen.map(({ type }) => type)).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.content_part.added',
    ...text.map(() => 'response.output_text.delta'),
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.incomplete',
  ])
  expect(
    await client.responses.retrieve((seen[0] as OpenAI.Responses.ResponseCreatedEvent).response.id),
  ).toMatchObject({
    status: 'incomplete',
  })
})

it('keeps the last responses that are to be kept, and frees the others', async () => {
  const first = await create({ input: 'Who?' })
  const unstored = await create({ input: 'Who?', store: false })
  await expect(client.responses.retrieve(unstored.id)).rejects.toMatchObject({ status: 404 })
  for (let i = 0; i < 3; i++) await create({ input: 'Who?' })
  await expect(create({ input: 'x', previous_response_id: first.id })).rejects.toMatchObject({
    status: 404,
    param: 'previous_response_id',
  })
  const before = liveTensors()
  for (let i = 0; i < 3; i++) await create({ input: 'Who?' })
  expect(liveTensors()).toBe(before)
  const { id } = await create({ input: 'Who?' })
  await client.responses.delete(id)
  await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
})

it('leaves nothing behind where a client goes away', async () => {
  test.service.responses.dispose()
  const before = liveTensors()
  const gone = new AbortController()
  const asked = test.post(
    '/v1/responses',
    { ...body, max_output_tokens: 4000, input: 'Who?', stream: true },
    gone.signal,
  )
  const reader = (await asked).body!.getReader()
  await reader.read()
  gone.abort()
  await until(() => liveTensors() === before)
})

it.each([
  [{ input: [] }, 'input', 'must be given'],
  [{ input: 'x', tools: [{ type: 'web_search' }] }, 'tools', 'not supported'],
  [{ input: 'x', text: { format: { type: 'json_object' } } }, 'text.format.type', 'follows no grammar'],
  [{ input: 'x', background: true }, 'background', 'only false'],
  [{ input: 'x', memory: 'a', previous_response_id: 'b' }, 'memory', 'needs no previous_response_id'],
])('refuses %j in a sentence', async (wrong, param, says) => {
  await expect(create(wrong)).rejects.toMatchObject({
    status: 400,
    param,
    message: expect.stringContaining(says),
  })
})
