import OpenAI, { AuthenticationError, NotFoundError } from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listeningApp, tinyModel } from './testing'

let close: () => void
let client: OpenAI
beforeAll(async () => {
  const app = await listeningApp(await tinyModel(), { apiKey: 'sesame' })
  close = app.close
  client = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'sesame', maxRetries: 0 })
})
afterAll(() => close())

const body = { model: 'tiny', prompt: 'The sea ', max_tokens: 24, seed: 4 }

it('completes', async () => {
  const answer = await client.completions.create({ ...body, stop: ['\n\n'] })
  expect(answer).toMatchObject({ object: 'text_completion', model: 'tiny', choices: [{ index: 0 }] })
  expect(answer.usage).toMatchObject({ prompt_tokens: 8, completion_tokens: 24, total_tokens: 32 })
})

it('streams the same, with its usage at the end', async () => {
  const whole = await client.completions.create(body)
  const stream = await client.completions.create({
    ...body,
    stream: true,
    stream_options: { include_usage: true },
  })
  let text = ''
  let last: OpenAI.Completion | undefined
  for await (const message of stream) {
    text += message.choices[0]?.text ?? ''
    last = message
  }
  expect(text).toBe(whole.choices[0].text)
  expect(last).toMatchObject({ choices: [], usage: whole.usage })
})

it('takes memories by their id as an extra field', async () => {
  const { id } = await client.post<{ id: string }>('/memories', { body: { text: 'It is said.' } })
  const answer = await client.completions.create({ ...body, memory: id, learn: true } as typeof body)
  expect(answer.usage).toMatchObject({ tokens_reused: 11, tokens_read: 32 })
})

it('gets errors of its own kinds', async () => {
  await expect(client.completions.create({ ...body, temperature: 9 })).rejects.toMatchObject({
    status: 400,
    param: 'temperature',
    code: 'invalid_value',
  })
  await expect(client.completions.create({ ...body, model: 'gpt-4' })).rejects.toBeInstanceOf(NotFoundError)
  await expect(client.withOptions({ apiKey: 'x' }).models.list()).rejects.toBeInstanceOf(AuthenticationError)
})

it('is told in a sentence that no grammar is followed, however its client asks for one', async () => {
  const format = { name: 'answer', strict: true, schema: { type: 'object' } }
  const messages = [{ role: 'user' as const, content: 'Who?' }]
  const asked = [
    client.chat.completions.create({ model: 'tiny', messages, response_format: { type: 'json_object' } }),
    client.chat.completions.parse({
      model: 'tiny',
      messages,
      response_format: { type: 'json_schema', json_schema: format },
    }),
    client.responses.parse({
      model: 'tiny',
      input: 'Who?',
      text: { format: { type: 'json_schema', ...format } },
    }),
  ]
  for (const answer of asked)
    await expect(answer).rejects.toMatchObject({
      status: 400,
      param: expect.stringMatching(/^(response_format|text\.format)/),
      message: expect.stringMatching(/follows no grammar; ask for JSON in a message, and check what comes$/),
    })
})

it('lists the models', async () => {
  expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['tiny'])
  expect(await client.models.retrieve('tiny')).toMatchObject({ object: 'model' })
})
