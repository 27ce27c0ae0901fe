import { build } from 'esbuild'
import '@ttt-e2e/kernels/engines'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findBrowser, launchBrowser } from '../../scripts/browser.mjs'
import { trainTiny } from './train-tiny'
import { viteBuild } from './vite-build'

/** What a training step of TTT-E2E is made of; an adapter of software takes minutes for the scans of others. */
const opsOfTraining = [
  'linear',
  'rms-norm',
  'rope',
  'swiglu',
  'attention',
  'linear-cross-entropy',
  'clipped-sgd',
  'gradient-clip',
  'adamw',
]

const script = `
  import '@ttt-e2e/kernels/engines/webgpu'
  import { opSuites } from '@ttt-e2e/kernels/cases'
  import { resolveEngine } from '@ttt-e2e/tensor-ops'
  import { checkOp } from '@ttt-e2e/tensor-ops/op-check'
  import { trainTiny } from './train-tiny'

  globalThis.lineOf = async (engine) => (await resolveEngine(engine)).line
  globalThis.trainTiny = trainTiny
  globalThis.checkFirstCase = (name) => {
    const { op, cases } = opSuites[name]
    return checkOp(op, cases[0], 'webgpu', { order: 2 })
  }
`

/** The script as esbuild bundles it for a page, without a plugin or a polyfill. */
const bundled = async () => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: script, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['source'],
    logLevel: 'silent',
  })
  const imports = Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ path }) => path))
  return { code: outputFiles[0].text, imports }
}

describe('the engine webgpu in a page', () => {
  const found = findBrowser()
  let server: Server
  let browser: Browser | undefined
  let page: Page
  const problems: string[] = []

  beforeEach(({ skip }) => {
    if (found === undefined) skip('there is no Chromium; install it, or name one in CHROME')
  })
  beforeAll(async () => {
    if (found === undefined) return
    const { code, imports } = await bundled()
    expect(imports.filter((path) => path.startsWith('node:'))).toEqual([])
    server = createServer(({ url }, response) => {
      const [type, content] =
        url === '/main.js'
          ? ['text/javascript', code]
          : [
              'text/html',
              '<!doctype html><link rel=icon href=data:,><script type=module src=main.js></script>',
            ]
      response.writeHead(200, { 'content-type': type }).end(content)
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    browser = await launchBrowser({ webGpu: true })
    page = await browser.newPage()
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await page.waitForFunction('globalThis.lineOf')
  })
  afterAll(async () => {
    await browser?.close()
    server?.close()
    server?.closeAllConnections()
    await resolveEngine('cpu')
  })

  it('is there by name, and passed over by auto where it computes on the processor', async () => {
    expect(await page.evaluate('lineOf("webgpu")')).toMatch(/^engine: webgpu \(google, swiftshader, on the/)
    expect(await page.evaluate('lineOf("auto")')).toMatch(
      /^engine: cpu .*webgpu: google, swiftshader computes/,
    )
  })

  it.each([
    [
      'is what auto takes where its adapter is a GPU',
      "Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { value: false })",
      /^engine: webgpu \(google, swiftshader\)$/,
    ],
    [
      'is passed over by auto in a browser without WebGPU',
      "Object.defineProperty(navigator, 'gpu', { value: undefined })",
      /^engine: cpu .* refused webgpu: this browser has no WebGPU$/,
    ],
  ])('%s', async (_, begins, line) => {
    const another = await browser!.newPage()
    await another.addInitScript(begins)
    await another.goto(page.url())
    await another.waitForFunction('globalThis.lineOf')
    expect(await another.evaluate('lineOf("auto")')).toMatch(line)
    await another.close()
  })

  it.each(opsOfTraining)('agrees with the reference of %s, to the second gradient', async (name) => {
    type Check = { leaked: number; errors: { name: string; error: number; limit: number }[] }
    const { leaked, errors } = await page.evaluate<Check>(`checkFirstCase("${name}")`)
    expect(leaked).toBe(0)
    expect(errors.length).toBeGreaterThan(0)
    for (const { name, error, limit } of errors) expect(error, name).toBeLessThan(limit)
  })

  it("trains TTT-E2E as Node's wasm does", async () => {
    const actual = await page.evaluate<number[]>('trainTiny("webgpu")')
    const expected = await trainTiny('wasm')
    expect(actual).toHaveLength(3)
    actual.forEach((loss, i) => expect(Math.abs(loss - expected[i])).toBeLessThan(1e-3))
    expect(problems).toEqual([])
  })
})

it('the engine webgpu is bundled by Vite as it stands', async () => {
  const { output } = await viteBuild("import '@ttt-e2e/kernels/engines/webgpu'")
  const scripts = output.flatMap((file) => (file.type === 'chunk' ? [file] : []))
  expect(scripts.flatMap(({ imports }) => imports).filter((path) => path.startsWith('node:'))).toEqual([])
  expect(scripts.map(({ code }) => code).join()).toContain('requestAdapter')
  expect(output.map(({ fileName }) => fileName).filter((name) => name.endsWith('.wasm'))).toEqual([])
})
