import { afterAll, beforeAll, expect, it } from 'vitest'
import { testApp, tinyModel, type TestApp } from './testing'

let test: TestApp
let memory: string
beforeAll(async () => {
  test = testApp(await tinyModel(), { limits: { maxTokens: 20 } })
  memory = (await (await test.request('POST', '/v1/memories', { text: 'It is.' })).json()).id
})
afterAll(() => test.services.dispose())

const prompt = 'It '
const complete = async (body: object) => {
  const answer = await test.request('POST', '/v1/completions', { prompt, max_tokens: 2, ...body })
  return { status: answer.status, ...(await answer.json()) }
}

interface Schema {
  $ref?: string
  properties?: Record<string, unknown>
}

interface Described {
  components: { schemas: Record<string, Schema> }
  paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema: Schema }> } }>>
}

/** What each request with a JSON body must have: all else may be left out. */
const least: Record<string, object> = {
  'POST /v1/completions': { prompt },
  'POST /v1/chat/completions': { messages: [{ role: 'user', content: 'Hi' }] },
  'POST /v1/responses': { input: 'Hi' },
  'POST /tokenize': { prompt },
  'POST /detokenize': { tokens: [1] },
  'POST /v1/memories': { text: 'It is.' },
  'POST /v1/memories/{id}/read': { text: 'It is.' },
  'POST /v1/memories/{id}/fork': {},
  'POST /v1/memories/{id}/reset': {},
  'POST /v1/memories/{id}/settings': { pinned: false },
}

it('takes null and [] for left out, in every field that may be left out, of every request', async () => {
  const { components, paths } = (await (await test.request('GET', '/openapi.json')).json()) as Described
  const found: string[] = []
  for (const [path, methods] of Object.entries(paths))
    for (const [method, { requestBody }] of Object.entries(methods)) {
      let schema = requestBody?.content['application/json']?.schema
      if (schema === undefined) continue
      const name = `${method.toUpperCase()} ${path}`
      found.push(name)
      while (schema.$ref) schema = components.schemas[schema.$ref.split('/').at(-1)!]
      const { properties = {} } = schema
      const given = least[name]
      const most = path === '/v1/responses' ? 'max_output_tokens' : 'max_tokens'
      for (const field of Object.keys(properties).filter((each) => !(each in given)))
        for (const value of [null, []]) {
          const body = { ...given, ...(most in properties && { [most]: 1 }), [field]: value }
          const answer = await test.request(method.toUpperCase(), path.replace('{id}', memory), body)
          const { error = null } = await answer.json()
          expect({ name, field, value, error, ok: answer.ok }).toEqual({
            name,
            field,
            value,
            error: null,
            ok: true,
          })
        }
    }
  expect(found.toSorted()).toEqual(Object.keys(least).toSorted())
  expect((await complete({ stream_options: { include_usage: null } })).status).toBe(200)
  for (const value of [null, []]) {
    expect(await complete({ prompt: value })).toMatchObject({ status: 400, error: { param: 'prompt' } })
    const text = await test.request('POST', '/v1/memories', { text: value })
    expect((await text.json()).error).toMatchObject({
      param: 'text',
      message: 'text: must be given, as one string',
    })
    expect((await test.request('POST', '/v1/memories', { text: 'It is.', name: value })).status).toBe(201)
    expect((await test.request('POST', `/v1/memories/${memory}/fork`, { name: value })).status).toBe(201)
  }
})

it('takes what changes nothing', async () => {
  const nothing: object[] = [
    { logit_bias: {} },
    { store: false },
    { metadata: {} },
    { logprobs: false },
    { n: 1, best_of: 1 },
    { echo: false, suffix: '' },
    { presence_penalty: 0, frequency_penalty: 0 },
    { service_tier: 'auto' },
    { user: 'someone', safety_identifier: 'x', prompt_cache_key: 'y' },
    { stream_options: {} },
    { stream_options: { include_usage: false, include_obfuscation: false } },
  ]
  for (const body of nothing) expect({ body, ...(await complete(body)) }).toMatchObject({ body, status: 200 })
})

it('takes what changes nothing in a chat, by the names of older and newer clients', async () => {
  const ask = async (body: object) => {
    const messages = [{ role: 'user', content: 'Hi' }]
    const answer = await test.request('POST', '/v1/chat/completions', { messages, max_tokens: 1, ...body })
    return { body, status: answer.status, ...(await answer.json()) }
  }
  for (const body of [
    { verbosity: 'medium' },
    { function_call: 'none', functions: [] },
    { web_search_options: null, audio: null, prediction: null, reasoning_effort: null },
    { modalities: ['text'], parallel_tool_calls: true, tool_choice: 'none' },
    { response_format: { type: 'text' } },
    { top_logprobs: 0 },
    { top_logprobs: 0, logprobs: false, reasoning_effort: 'none' },
    { min_tokens: 0, length_penalty: 1, use_beam_search: false, skip_special_tokens: true },
  ])
    expect(await ask(body)).toMatchObject({ body, status: 200 })
  for (const [param, value] of [
    ['verbosity', 'high'],
    ['function_call', { name: 'f' }],
    ['reasoning_effort', 'low'],
    ['top_logprobs', 1],
    ['min_tokens', 1],
  ] as const)
    expect(await ask({ [param]: value })).toMatchObject({ status: 400, error: { param } })
})

/** As the clients of OpenAI, vLLM, LangChain, LiteLLM and Open WebUI send them where nobody asked for anything. */
const neutral: object[] = [
  { echo: false, suffix: '', best_of: 1, n: 1, logprobs: false, top_logprobs: 0 },
  { priority: 0, request_id: 'a1', truncate_prompt_tokens: -1, prompt_logprobs: null },
  { store: false, background: false, metadata: {}, service_tier: 'default', truncation: 'disabled' },
  { verbosity: 'medium', reasoning_effort: 'none', include_reasoning: true },
  { user: 'u', safety_identifier: 's', prompt_cache_key: 'k', prompt_cache_retention: 'in_memory' },
  { response_format: { type: 'text' }, modalities: ['text'], audio: null, prediction: null },
  { tools: [], tool_choice: 'auto', functions: [], function_call: 'none', parallel_tool_calls: false },
  { max_tool_calls: 3, include: [], conversation: null },
  { min_tokens: 0, length_penalty: 1, early_stopping: false, use_beam_search: false, bad_words: [] },
  { skip_special_tokens: true, spaces_between_special_tokens: true, include_stop_str_in_output: false },
  { return_token_ids: false, return_tokens_as_token_ids: false, stop_token_ids: [], logits_processors: [] },
  { add_generation_prompt: true, continue_final_message: false, documents: null, chat_template: null },
  { chat_template_kwargs: {}, mm_processor_kwargs: {}, vllm_xargs: {}, structured_outputs: {} },
  { kv_transfer_params: {}, guided_json: null, allowed_token_ids: null, logit_bias: {} },
  { prompt_cache_options: { mode: 'implicit', ttl: '30m' }, moderation: null, cache_salt: 'c' },
  { context_management: null, prompt_cache_options: {} },
  { prompt_cache_retention: '24h', prompt_cache_options: { mode: 'explicit' } },
  { prompt_cache_retention: 'in-memory', prompt_cache_options: null },
  { id_slot: -1, cache_prompt: true, n_keep: 0, n_indent: 0, n_probs: 0, min_keep: 0, t_max_predict_ms: 0 },
  { repeat_penalty: 1, typical_p: 1, dynatemp_range: 0, xtc_probability: 0, dry_multiplier: 0, mirostat: 0 },
  { grammar: '', return_tokens: false, return_progress: false, timings_per_token: false, lora: [] },
  { post_sampling_probs: false, samplers: [], json_schema: null, thinking: null },
  { top_k: 0, min_p: 0, repetition_penalty: 1, ignore_eos: false, stream: false, stream_options: {} },
]

it.each(['completions', 'chat/completions', 'responses'])(
  'takes what changes nothing, whichever endpoint it was made for: %s',
  async (route) => {
    const given = {
      completions: { prompt, max_tokens: 1 },
      'chat/completions': { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 },
      responses: { input: 'Hi', max_output_tokens: 1 },
    }[route]
    const ask = async (body: object) => {
      const answer = await test.request('POST', `/v1/${route}`, { ...given, ...body })
      return { body, status: answer.status, error: (await answer.json()).error ?? null }
    }
    for (const body of neutral) expect(await ask(body)).toEqual({ body, status: 200, error: null })
    for (const [param, value] of [
      ['priority', 1],
      ['return_token_ids', true],
      ['chat_template_kwargs', { enable_thinking: true }],
      ['reasoning_effort', 'high'],
      ['prompt_cache_options', { mode: 'none' }],
      ['prompt_cache_retention', 'for ever'],
      ['moderation', { model: 'm' }],
      ['mirostat', 2],
      ['repeat_penalty', 1.1],
      ['grammar', 'root ::= "a"'],
      ['id_slot', 3],
      ['add_generation_prompt', false],
      ['response_format', { type: 'json_object' }],
    ] as const)
      expect(await ask({ [param]: value })).toMatchObject({
        status: 400,
        error: { message: expect.stringContaining(param) },
      })
  },
)

it('names what would change something and is not there', async () => {
  const something: [body: object, param: string, says?: string][] = [
    [{ logit_bias: { 257: 1 } }, 'logit_bias', 'there is no token 257'],
    [{ logit_bias: { x: 1 } }, 'logit_bias', 'up to 300 token ids'],
    [{ store: true }, 'store', 'only false is supported here'],
    [{ metadata: { a: 'b' } }, 'metadata'],
    [{ logprobs: 21 }, 'logprobs', 'a whole number from 0 to 20'],
    [{ n: 2, best_of: 1 }, 'best_of', 'at least n, 2'],
    [{ best_of: 2, stream: true }, 'best_of', 'needs stream: false'],
    [{ memory, update: true, n: 2 }, 'update', 'needs n: 1'],
    [{ memory, update: true, prompt: ['a', 'b'] }, 'update', 'needs one prompt'],
    [{ prompt: [1, 400] }, 'prompt', 'there is no token 400'],
    [{ prompt: [1.5] }, 'prompt', 'must be given'],
    [{ suffix: 'x' }, 'suffix'],
    [{ service_tier: 'flex' }, 'service_tier', 'only "auto" or "default" is supported here'],
    [{ stream: true, stream_options: { include_obfuscation: true } }, 'stream_options.include_obfuscation'],
    [{ tfs_z: 1 }, 'tfs_z', "there is no parameter 'tfs_z'"],
  ]
  for (const [body, param, says = param] of something) {
    const { status, error } = await complete(body)
    expect({ status, error }).toMatchObject({
      status: 400,
      error: { param, message: expect.stringContaining(says) },
    })
    expect(error.message).toContain(param)
  }
})

it('names limits as they are', async () => {
  const limits: [body: object, message: string][] = [
    [{ max_tokens: 21 }, 'max_tokens: must be a whole number from 0 to 20'],
    [{ max_tokens: 1e300 }, 'max_tokens: must be a whole number from 0 to 20'],
    [{ max_tokens: '2' }, 'max_tokens: must be a whole number from 0 to 20'],
    [{ temperature: 3 }, 'temperature: must be a number from 0 to 2'],
    [{ top_p: 0 }, 'top_p: must be a number above 0 and at most 1'],
    [{ seed: 2 ** 60 }, 'seed: must be a whole number from 0 to 4294967295'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop: must be a string, or up to four, of 1 to 256 characters'],
    [{ stop: 'x'.repeat(257) }, 'stop: must be a string, or up to four, of 1 to 256 characters'],
  ]
  for (const [body, message] of limits) expect((await complete(body)).error.message).toBe(message)
  expect((await complete({ stop: '🐋'.repeat(256) })).status).toBe(200)
  const name = async (length: number) =>
    (await test.request('POST', `/v1/memories/${memory}/fork`, { name: '🐋'.repeat(length) })).status
  expect([await name(200), await name(201)]).toEqual([201, 400])
})

it('forks with an empty body, of any type', async () => {
  for (const [body, headers] of [
    [undefined, {}],
    ['', { 'content-type': 'application/json' }],
    ['{}', { 'content-type': 'application/json' }],
    ['', {}],
  ] as const)
    expect((await test.request('POST', `/v1/memories/${memory}/fork`, body, headers)).status).toBe(201)
})

it('names where the client has put a text', async () => {
  const plain = { 'content-type': 'text/plain' }
  const empty = await test.request('POST', '/v1/memories', '', plain)
  expect((await empty.json()).error).toMatchObject({ code: 'empty_text', param: 'body' })
})
