import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { decodeSafetensors, encodeSafetensors, type PlainTensors } from '@ttt-e2e/tensor-ops'
import { testApp, tinyModel, type TestApp } from './testing'

let test: TestApp
let memory: string
beforeAll(async () => {
  test = testApp(await tinyModel(), { limits: { bodyBytes: 2000, textBytes: 4000, importBytes: 100_000 } })
  const answer = await test.request('POST', '/v1/memories', { text: 'The sea keeps what it takes.' })
  memory = (await answer.json()).id
})
afterAll(() => test.services.dispose())

const prompt = 'It '
const json = { 'content-type': 'application/json' }
const plain = { 'content-type': 'text/plain' }
const binary = { 'content-type': 'application/octet-stream' }

/** What is sent with the completion, and the field that the answer names. */
const completions: [body: unknown, param: string | null][] = [
  [{}, 'prompt'],
  [{ prompt: 5 }, 'prompt'],
  [{ prompt: null }, 'prompt'],
  [{ prompt: '' }, 'prompt'],
  [{ prompt: [1, 2, 400] }, 'prompt'],
  [{ prompt: ['a', 2] }, 'prompt'],
  [{ prompt, max_tokens: -1 }, 'max_tokens'],
  [{ prompt, max_tokens: 1.5 }, 'max_tokens'],
  [{ prompt, max_tokens: 1e9 }, 'max_tokens'],
  [{ prompt, max_tokens: '16' }, 'max_tokens'],
  [{ prompt, temperature: -0.1 }, 'temperature'],
  [{ prompt, temperature: 2.1 }, 'temperature'],
  [{ prompt, temperature: 'hot' }, 'temperature'],
  [{ prompt, top_p: 0 }, 'top_p'],
  [{ prompt, top_p: 1.01 }, 'top_p'],
  [{ prompt, seed: -1 }, 'seed'],
  [{ prompt, seed: 2 ** 32 }, 'seed'],
  [{ prompt, seed: 0.5 }, 'seed'],
  [{ prompt, stop: '' }, 'stop'],
  [{ prompt, stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop'],
  [{ prompt, stop: [7] }, 'stop'],
  [{ prompt, stream: 'yes' }, 'stream'],
  [{ prompt, stream_options: { include_usage: true } }, 'stream_options'],
  [{ prompt, stream: true, stream_options: { include_use: true } }, 'stream_options.include_use'],
  [{ prompt, echo: 'yes' }, 'echo'],
  [{ prompt, logprobs: 21 }, 'logprobs'],
  [{ prompt, n: 17 }, 'n'],
  [{ prompt, best_of: 0 }, 'best_of'],
  [{ prompt, presence_penalty: 2.1 }, 'presence_penalty'],
  [{ prompt, logit_bias: { 5: 101 } }, 'logit_bias'],
  [{ prompt, top_k: -2 }, 'top_k'],
  [{ prompt, __proto__x: 1 }, '__proto__x'],
  [{ prompt, memory: 7 }, 'memory'],
  [{ prompt, update: true }, 'update'],
  [{ prompt, learn: 'yes' }, 'learn'],
  [[], null],
  [null, null],
  ['text', null],
  [17, null],
]

it.each(completions)('refuses the completion %j and names %s', async (body, param) => {
  const answer = await test.request('POST', '/v1/completions', JSON.stringify(body), json)
  const { error } = await answer.json()
  expect(answer.status).toBe(400)
  expect(error).toMatchObject({ type: 'invalid_request_error', param, code: expect.any(String) })
  expect(error.message).toMatch(param ?? /body/)
})

type Case = [
  what: string,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
  status: number,
]
const others = (): Case[] => [
  ['no body', 'POST', '/v1/completions', undefined, {}, 400],
  ['broken JSON', 'POST', '/v1/completions', '{"prompt": "It', json, 400],
  ['JSON in another encoding', 'POST', '/v1/completions', new Uint8Array([0xff, 0xfe, 0x7b]), json, 400],
  ['infinite numbers', 'POST', '/v1/completions', '{"prompt": "It", "temperature": 1e999}', json, 400],
  ['deep JSON', 'POST', '/v1/completions', '['.repeat(1990), json, 400],
  [
    'a form',
    'POST',
    '/v1/completions',
    'prompt=It',
    { 'content-type': 'application/x-www-form-urlencoded' },
    415,
  ],
  ['a long body', 'POST', '/v1/completions', { prompt: 'x'.repeat(2000) }, {}, 413],
  ['another model', 'POST', '/v1/completions', { prompt, model: 'gpt-4' }, {}, 404],
  ['a memory that is not there', 'POST', '/v1/completions', { prompt, memory: 'mem_0' }, {}, 404],
  ['a path for a memory', 'POST', '/v1/completions', { prompt, memory: '../../etc/passwd' }, {}, 404],
  ['an unknown route', 'GET', '/v1/nothing', undefined, {}, 404],
  ['another method', 'GET', '/v1/completions', undefined, {}, 405],
  ['a text without type', 'POST', '/v1/memories', undefined, {}, 400],
  ['an empty text', 'POST', '/v1/memories', { text: '' }, {}, 400],
  ['an empty plain text', 'POST', '/v1/memories', '', plain, 400],
  ['a long text', 'POST', '/v1/memories', 'x'.repeat(4001), plain, 413],
  ['bytes for a text', 'POST', '/v1/memories', new Uint8Array([65, 0xff, 65]), plain, 400],
  ['half a character', 'POST', '/v1/memories', new Uint8Array([65, 0xc3]), plain, 400],
  ['another charset', 'POST', '/v1/memories', 'text', { 'content-type': 'text/plain; charset=utf-16' }, 415],
  ['a name too long', 'POST', '/v1/memories', { text: 'text', name: 'x'.repeat(201) }, {}, 400],
  ['a name with control characters', 'POST', '/v1/memories', { text: 'text', name: 'a\nb' }, {}, 400],
  ['an unknown query', 'POST', '/v1/memories?title=x', 'text', plain, 400],
  ['more for nobody', 'POST', '/v1/memories/mem_0/read', { text: 'text' }, {}, 404],
  ['nothing more', 'POST', `/v1/memories/${memory}/read`, {}, {}, 400],
  ['a fork of nobody', 'POST', '/v1/memories/mem_0/fork', undefined, {}, 404],
  ['a fork with a wrong name', 'POST', `/v1/memories/${memory}/fork`, { name: 1 }, {}, 400],
  ['a path for an id', 'GET', '/v1/memories/..%2f..%2fetc%2fpasswd', undefined, {}, 404],
  ['an export of nobody', 'GET', '/v1/memories/mem_0/export', undefined, {}, 404],
  ['a deletion of nobody', 'DELETE', '/v1/memories/mem_0', undefined, {}, 404],
  ['an empty import', 'POST', '/v1/memories/import', new Uint8Array(), binary, 400],
  ['an import of noise', 'POST', '/v1/memories/import', new Uint8Array(500).fill(7), binary, 400],
  ['an import of other tensors', 'POST', '/v1/memories/import', encodeSafetensors({}), binary, 400],
  ['an import too large', 'POST', '/v1/memories/import', new Uint8Array(100_001), binary, 413],
]

it('refuses everything else that is malformed, and goes on', async () => {
  for (const [what, method, path, body, headers, status] of others()) {
    const answer = await test.request(method, path, body, headers)
    const { error } = await answer.json()
    expect({ what, status: answer.status, error }).toMatchObject({
      what,
      status,
      error: { message: expect.stringMatching(/.{10}/), code: expect.any(String) },
    })
    expect(error.message).not.toMatch(/internal|node_modules|at .*:\d+/)
  }
  const answer = await test.request('POST', '/v1/completions', { prompt, memory, max_tokens: 2 })
  expect(answer.status).toBe(200)
  expect(await test.service.memories.list()).toHaveLength(1)
})

it('refuses memories that are not sound, and goes on', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const file = await test.request('GET', `/v1/memories/${memory}/export`)
  const { tensors, metadata } = decodeSafetensors(new Uint8Array(await file.arrayBuffer()))
  const state = JSON.parse(metadata.state)
  const one = { shape: [1], values: new Float32Array(1) }
  const stateOf = (change: object) => ({ ...metadata, state: JSON.stringify({ ...state, ...change }) })
  const { last: _, ...withoutLast } = tensors
  const unsound: [what: string, tensors: PlainTensors, metadata: Record<string, string>][] = [
    ['no metadata', tensors, {}],
    ['another model', tensors, { ...metadata, model: '0'.repeat(64) }],
    ['a tensor too few', withoutLast, metadata],
    ['a tensor too many', { ...tensors, more: one }, metadata],
    ['a tensor of a treacherous name', { ...tensors, constructor: one } as PlainTensors, metadata],
    ['another shape', { ...tensors, last: one }, metadata],
    [
      'no number',
      { ...tensors, last: { ...tensors.last, values: tensors.last.values.map(() => NaN) } },
      metadata,
    ],
    ['no JSON', tensors, { ...metadata, state: '{' }],
    ['a negative position', tensors, stateOf({ position: -1 })],
    ['too many steps', tensors, stateOf({ steps: 1e6 })],
    ['no counters', tensors, stateOf({ prefix: [] })],
  ]
  for (const [what, each, saved] of unsound) {
    const answer = await test.request('POST', '/v1/memories/import', encodeSafetensors(each, saved), binary)
    const { error } = await answer.json()
    expect({ what, status: answer.status, error }).toMatchObject({
      what,
      status: 400,
      error: { code: 'invalid_memory' },
    })
  }
  expect(await test.service.memories.list()).toHaveLength(1)
  log.mockRestore()
})
