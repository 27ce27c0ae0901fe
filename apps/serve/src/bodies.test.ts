import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { testApp, tinyModel, type TestApp } from './testing'

let test: TestApp
beforeAll(async () => {
  test = testApp(await tinyModel(), { limits: { bodyBytes: 2000, textBytes: 4000, importBytes: 100_000 } })
})
afterAll(() => test.services.dispose())

const ask = JSON.stringify({ prompt: 'It ', max_tokens: 1 })
const paths = ['/v1/completions', '/v1/memories']

async function send(path: string, body: string | Uint8Array, headers: Record<string, string>) {
  const answer = await test.request('POST', path, body, headers)
  return { status: answer.status, headers: answer.headers, error: (await answer.json()).error }
}

it('reads media types as RFC 9110 writes them', async () => {
  for (const type of [
    'application/json',
    'APPLICATION/Json',
    'application/json ; charset=utf-8',
    'application/json;charset="UTF-8" ; x=y',
    'application/vnd.api+json',
    'application/problem+JSON ;v=2',
  ])
    expect({ type, ...(await send('/v1/completions', ask, { 'content-type': type })) }).toMatchObject({
      type,
      status: 200,
    })
  for (const type of ['TEXT/Plain', 'text/plain ; charset=UTF-8', 'text/plain;charset=us-ascii'])
    expect((await send('/v1/memories', 'It is.', { 'content-type': type })).status).toBe(201)
})

it('names the type that it does not read, and those that it does', async () => {
  for (const type of ['text/html', 'application/x-www-form-urlencoded', 'application/xml', 'json', ''])
    for (const path of paths) {
      const { status, error } = await send(path, ask, { 'content-type': type })
      expect({ path, type, status, message: error.message }).toMatchObject({
        status: 415,
        message: expect.stringContaining(type === '' ? "''" : `'${type}'`),
      })
      expect(error.message).toContain('application/json')
    }
  expect((await send('/v1/completions', 'It is.', { 'content-type': 'text/plain' })).status).toBe(415)
  const untyped = await send('/v1/memories', new TextEncoder().encode('It is.'), {})
  expect(untyped).toMatchObject({
    status: 415,
    error: { message: expect.stringMatching(/without a Content-Type/) },
  })
})

it('holds all JSON to one limit, whatever it is called', async () => {
  const long = JSON.stringify({ prompt: 'x'.repeat(2000) })
  for (const type of ['application/json', 'application/vnd.api+json', 'Application/JSON ;x=y'])
    expect(await send('/v1/completions', long, { 'content-type': type })).toMatchObject({
      status: 413,
      error: { message: expect.stringContaining('2000') },
    })
})

it('refuses JSON that is not UTF-8', async () => {
  const json = { 'content-type': 'application/json' }
  for (const body of [Buffer.from('{"prompt": "na\u00efve"}', 'latin1'), Buffer.from(ask, 'utf16le')])
    expect(await send('/v1/completions', body, json)).toMatchObject({
      status: 400,
      error: { code: 'invalid_utf8' },
    })
  expect((await send('/v1/completions', Buffer.from(`\ufeff${ask}`), json)).status).toBe(200)
})

it('undoes the encodings of a body, with the limit on what comes out', async () => {
  const encoders: [string, (text: string) => Uint8Array][] = [
    ['gzip', gzipSync],
    ['X-Gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['gzip, br', (text) => brotliCompressSync(gzipSync(text))],
    ['identity', (text) => Buffer.from(text)],
  ]
  for (const [encoding, encode] of encoders) {
    const json = { 'content-type': 'application/json', 'content-encoding': encoding }
    const plain = { 'content-type': 'text/plain', 'content-encoding': encoding }
    expect((await send('/v1/completions', encode(ask), json)).status).toBe(200)
    expect((await send('/v1/memories', encode('It is.'), plain)).status).toBe(201)
    const bomb = encode(JSON.stringify({ prompt: 'x'.repeat(100_000) }))
    expect((await send('/v1/completions', bomb, json)).status).toBe(413)
    expect((await send('/v1/memories', encode('x'.repeat(4001)), plain)).status).toBe(413)
  }
  const file = await test.request('POST', '/v1/memories', { text: 'It is.' })
  const { id } = await file.json()
  const exported = await (await test.request('GET', `/v1/memories/${id}/export`)).arrayBuffer()
  const packed = gzipSync(new Uint8Array(exported))
  expect((await send('/v1/memories/import', packed, { 'content-encoding': 'gzip' })).status).toBe(201)
})

it('refuses encodings that it does not know, and bytes that are not what they say', async () => {
  const refused = await send('/v1/completions', ask, {
    'content-type': 'application/json',
    'content-encoding': 'zstd',
  })
  expect(refused).toMatchObject({ status: 415, error: { message: expect.stringContaining("'zstd'") } })
  expect(refused.headers.get('accept-encoding')).toBe('gzip, deflate, br')
  for (const body of [Buffer.from(ask), gzipSync(ask).subarray(0, 20)]) {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    expect(await send('/v1/completions', body, headers)).toMatchObject({
      status: 400,
      error: { code: 'invalid_encoding' },
    })
  }
})
