import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readOptions } from '../options'
import { testApp, tinyModel, tinyRun, type TestApp } from '../testing'
import { doctor } from './doctor'
import type { Log } from './log'
import { readConfig } from './read-config'
import { startTracing, type Tracing } from './tracing'

const folder = mkdtempSync(join(tmpdir(), 'operating-'))
const lines: { request: string; [fact: string]: unknown }[] = []
const logOf = (prompts: boolean, request = ''): Log => ({
  prompts,
  info: (facts) => void lines.push({ request, ...facts }),
  warn: () => {},
  error: (error) => void lines.push({ request, error }),
  of: (id) => logOf(prompts, id),
})

/** What a collector was sent. */
const spans: string[] = []
const collector = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (text: string) => (body += text))
  request.on('end', () => {
    spans.push(body)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})

let tracing: Tracing
let test: TestApp
beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const { port } = collector.address() as AddressInfo
  expect(await startTracing({})).toBeUndefined()
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${port}`
  tracing = (await startTracing())!
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT
  test = testApp(await tinyModel(), { log: logOf(false), tracing })
})
afterAll(() => {
  test.services.dispose()
  collector.close()
})

const body = { prompt: 'A secret of the sea', max_tokens: 2, ignore_eos: true }

it('writes a line for each request, with its id and no word of it unless asked to', async () => {
  const named = await test.request('POST', '/v1/completions', body, { 'x-request-id': 'mine-1' })
  const other = await test.request('POST', '/v1/completions', body, { 'x-request-id': 'not an id' })
  expect(named.headers.get('x-request-id')).toBe('mine-1')
  expect(other.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(lines[0]).toEqual({
    request: 'mine-1',
    method: 'POST',
    path: '/v1/completions',
    status: 200,
    milliseconds: expect.any(Number),
  })
  expect(lines[1].request).toBe(other.headers.get('x-request-id'))
  const asked = testApp(await tinyModel(), { log: logOf(true) })
  await asked.request('POST', '/v1/completions', body)
  expect(JSON.parse(String(lines[2].body))).toEqual(body)
})

it('counts under the names of vLLM what it counts under its own', async () => {
  const text = await (await test.request('GET', '/metrics')).text()
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  expect(value('vllm:generation_tokens_total')).toBe(4)
  for (const [theirs, ours] of [
    ['vllm:generation_tokens_total', 'ttte2e_tokens_generated_total'],
    ['vllm:prompt_tokens_total', 'ttte2e_tokens_read_total'],
    ['vllm:num_requests_running', 'ttte2e_requests_running'],
    ['vllm:num_requests_waiting', 'ttte2e_queue_depth'],
    ['vllm:time_to_first_token_seconds_count', 'ttte2e_time_to_first_token_seconds_count'],
    ['vllm:inter_token_latency_seconds_count', 'ttte2e_inter_token_seconds_count'],
  ])
    expect([theirs, value(theirs)]).toEqual([theirs, value(ours)])
})

it('tells a collector of each request, as part of the trace that its client is in', async () => {
  const trace = '0af7651916cd43dd8448eb211c80319c'
  await test.request('GET', '/v1/models', undefined, { traceparent: `00-${trace}-b7ad6b7169203331-01` })
  await tracing.close()
  const all = spans.join()
  expect(all).toContain('POST /v1/completions')
  expect(all).toContain(trace)
  expect(all).not.toContain('secret')
})

it('reads options of a file, and names the one that there is not', () => {
  const config = join(folder, 'config.json')
  const read = (json: string) => {
    writeFileSync(config, json)
    return readConfig(config, ['port', 'maxTokens', 'allowHost'])
  }
  expect(read('{"port": 81, "max-tokens": 5, "allow-host": ["a"]}')).toEqual({
    port: '81',
    maxTokens: '5',
    allowHost: ['a'],
  })
  expect(() => read('{"pot": 81}')).toThrow(/config.json' can't be used: there is no option 'pot'$/)
  expect(() => read('[')).toThrow(/can't be used: it is not JSON$/)
})

it('checks what a server needs, and says what is missing', async () => {
  const given = { host: '127.0.0.1', port: '0', engine: 'cpu', model: await tinyRun() }
  const said: string[] = []
  const check = (more: object) =>
    doctor(readOptions({ ...given, ...more }, folder, {}), (line) => void said.push(line))
  expect(await check({ memories: 'kept' })).toBe(0)
  expect(said.every((line) => line.startsWith('ok '))).toBe(true)
  expect(said.join('\n')).toMatch(/^ok {4}store: 0 memories in .*kept$/m)
  said.length = 0
  expect(await check({ keys: 'none.json' })).toBe(1)
  expect(said.find((line) => line.startsWith('FAIL'))).toMatch(
    /keys: .*none.json' can't be used: there is no such/,
  )
})
