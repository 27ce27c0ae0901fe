import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { testApp, tinyModel, type TestApp } from '../testing'

let app: TestApp
let unbuilt: TestApp
beforeAll(async () => {
  const site = mkdtempSync(join(tmpdir(), 'site-'))
  mkdirSync(join(site, 'read'))
  mkdirSync(join(site, 'assets'))
  writeFileSync(join(site, 'read/index.html'), '<title>Read</title>')
  writeFileSync(join(site, 'assets/kernels.wasm'), 'wasm')
  writeFileSync(join(site, 'secret'), 'secret')
  const model = await tinyModel()
  app = testApp(model, { site, apiKey: 'sesame' })
  unbuilt = testApp(model, { site: join(site, 'nowhere') })
})

it('serves the pages and what they load to everyone, isolated from other origins', async () => {
  for (const [path, type] of [
    ['/read/', /^text\/html/],
    ['/assets/kernels.wasm', /^application\/wasm/],
  ] as const) {
    const { status, headers } = await app.request('GET', path)
    expect([path, status]).toEqual([path, 200])
    expect(headers.get('content-type')).toMatch(type)
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp')
  }
})

it('leads to a page with what was asked of it', async () => {
  const { status, headers } = await app.request('GET', '/read?engine=wasm')
  expect([status, headers.get('location')]).toEqual([302, 'read/?engine=wasm'])
})

it('serves nothing else that lies there', async () => {
  for (const path of ['/assets/../secret', '/assets/%2e%2e/secret', '/assets/..%2fsecret', '/secret'])
    expect([path, (await app.request('GET', path)).status >= 400]).toEqual([path, true])
})

it('says how to build pages that are not built', async () => {
  const answer = await unbuilt.request('GET', '/meta-train/')
  expect(answer.status).toBe(404)
  expect(await answer.text()).toContain('run pnpm --filter serve build-site')
})
