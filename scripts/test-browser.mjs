// Runs the op suite of every fused op, or of those that it is given the folders of, on the wasm engine in headless Chromium:
// bundles the tests, a stand-in taking vitest's place, serves them to a page and prints what becomes of them. That page is
// cross-origin isolated, so the engine has threads there; two more pages show that it goes without them where it has to.
// $CHROME names another browser.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launchBrowser } from './browser.mjs'
import { bundler } from './tools.mjs'

const source = fileURLToPath(new URL('../packages/kernels/src', import.meta.url))
const wasm = join(source, 'engines/wasm')
const patienceMilliseconds = 900_000

// An op has cases; what several share has tests, too, some of them for Node alone.
const wanted = process.argv.slice(2)
const tests = readdirSync(source).filter(
  (op) =>
    ['cases.ts', `${op}.test.ts`].every((file) => existsSync(join(source, op, file))) &&
    (wanted.length === 0 || wanted.includes(op)),
)

const isolated = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}
/** The first runs the suite on all cores, the others say why they have one thread. */
const pages = [
  { path: '/', headers: isolated, suite: true },
  { path: '/alone', headers: {}, says: '1 thread (this page is not cross-origin isolated)' },
  {
    path: '/no-workers',
    headers: { ...isolated, 'content-security-policy': "worker-src 'none'" },
    says: '1 thread (this host starts no more workers)',
  },
]

const script = `
${tests.map((op) => `import './${op}/${op}.test'`).join('\n')}
import { runTests } from 'vitest'
import { resolveEngine, tf } from '@ttt-e2e/tensor-ops'
Object.assign(globalThis, { runTests, measure })
async function measure() {
  const { line } = await resolveEngine('wasm')
  const x = tf.ones([512, 512])
  const [product] = tf.matMul(x, x).dataSync()
  if (product !== 512) throw new Error('a product of ones is ' + product)
  let best = Infinity
  for (let i = 0; i < 20; i++) {
    const start = performance.now()
    tf.matMul(x, x).dispose()
    best = Math.min(best, performance.now() - start)
  }
  return line + '; matMul [512, 512]: ' + (2 * 512 ** 3 / best / 1e6).toFixed(1) + ' GFLOP/s'
}
`

const bundle = await bundler()({
  stdin: { contents: script, resolveDir: source, loader: 'ts' },
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'browser',
  conditions: ['source'],
  logLevel: 'error',
  plugins: [
    {
      name: 'in-a-page',
      setup({ onResolve }) {
        onResolve({ filter: /^vitest$/ }, () => ({ path: join(wasm, 'browser/vitest-stand-in.ts') }))
        onResolve({ filter: /^\.\.\/engines$/ }, () => ({ path: join(wasm, 'index.ts') }))
      },
    },
  ],
})

const html = '<!doctype html><title>op suite</title><script type="module" src="/main.js"></script>'
const files = {
  ...Object.fromEntries(pages.map(({ path, headers }) => [path, ['text/html', html, headers]])),
  '/main.js': ['text/javascript', bundle.outputFiles[0].contents],
  '/kernels.wasm': ['application/wasm', readFileSync(join(wasm, 'kernels.wasm'))],
}
const server = createServer((request, response) => {
  const [type, content, headers] = files[request.url] ?? []
  if (!type) return response.writeHead(404).end()
  response.writeHead(200, { 'content-type': type, ...headers }).end(content)
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const address = `http://127.0.0.1:${server.address().port}`

const browser = await launchBrowser()
// What waits for a page fails when its browser is closed.
setTimeout(() => browser.close({ reason: 'it took too long' }), patienceMilliseconds).unref()

/** What one page says of the engine and, where it runs the suite, what became of its tests. */
async function visit({ path, suite, says }) {
  const page = await browser.newPage()
  const failures = []
  page.on('pageerror', (error) => failures.push(String(error.stack)))
  let result = { passed: 0, skipped: 0, failures: [] }
  try {
    await page.goto(address + path, { waitUntil: 'load' })
    if (suite) result = await page.evaluate('runTests()')
    const line = await page.evaluate('measure()')
    const wants = says ?? `${await page.evaluate('navigator.hardwareConcurrency')} thread`
    if (!line.includes(wants)) failures.push(`the engine does not say '${wants}'`)
    console.log(`${path}: ${line}`)
  } catch (error) {
    failures.push(String(error.stack))
  }
  await page.close()
  return { ...result, failures: [...result.failures, ...failures] }
}

try {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const page of pages) {
    const { passed, skipped, failures } = await visit(page)
    for (const failure of failures) console.log(`FAIL  ${page.path}: ${failure}`)
    total.passed += passed
    total.failed += failures.length
    total.skipped += skipped
  }
  console.log(`browser: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
} finally {
  await browser.close()
  server.close()
  server.closeAllConnections()
}
