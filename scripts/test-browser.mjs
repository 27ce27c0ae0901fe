// Runs the op suite of every fused op, or of those that it is given the folders of, on the wasm engine in headless Chromium:
// bundles the tests, a stand-in taking vitest's place, serves them to a page and prints what it reports. That page is
// cross-origin isolated, so the engine has threads there; two more pages show that it goes without them where it has to.
// $CHROME names another browser.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
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
/** In the order in which they are visited. The first runs the suite on all cores, the others say why they have one thread. */
const pages = [
  { path: '/', headers: isolated },
  { path: '/alone', headers: {}, says: '1 thread (this page is not cross-origin isolated)' },
  {
    path: '/no-workers',
    headers: { ...isolated, 'content-security-policy': "worker-src 'none'" },
    says: '1 thread (this host starts no more workers)',
  },
]

const page = `
${tests.map((op) => `import './${op}/${op}.test'`).join('\n')}
import { runTests } from 'vitest'
import { resolveEngine, tf } from '@ttt-e2e/tensor-ops'
const path = location.pathname
const following = ${JSON.stringify(pages.map(({ path }) => path))}
async function report(result) {
  await fetch('/report', { method: 'POST', body: JSON.stringify({ path, cores: navigator.hardwareConcurrency, ...result }) })
  const next = following[following.indexOf(path) + 1]
  if (next !== undefined) location.href = next
}
async function speed() {
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
const nothing = { passed: 0, skipped: 0, failures: [] }
Promise.resolve(path === '/' ? runTests() : nothing)
  .then(async (result) => report({ ...result, line: await speed() }))
  .catch((error) => report({ ...nothing, failures: [String(error.stack)], line: '' }))
`

const bundle = await bundler()({
  stdin: { contents: page, resolveDir: source, loader: 'ts' },
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

const html = `<!doctype html><title>op suite</title><script>
  addEventListener('error', ({ message }) => {
    const result = { path: location.pathname, passed: 0, skipped: 0, failures: [message], line: '' }
    fetch('/report', { method: 'POST', body: JSON.stringify(result) })
  })
</script><script type="module" src="/main.js"></script>`
const files = {
  ...Object.fromEntries(pages.map(({ path, headers }) => [path, ['text/html', html, headers]])),
  '/main.js': ['text/javascript', bundle.outputFiles[0].contents],
  '/kernels.wasm': ['application/wasm', readFileSync(join(wasm, 'kernels.wasm'))],
}

const server = createServer()
const finished = new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error('the pages did not report in time')), patienceMilliseconds).unref()
  const results = []
  server.on('request', async (request, response) => {
    if (request.method === 'POST') {
      const body = []
      for await (const piece of request) body.push(piece)
      response.end()
      const result = JSON.parse(Buffer.concat(body).toString())
      results.push(result)
      if (result.line === '' || results.length === pages.length) resolve(results)
      return
    }
    const [type, content, headers] = files[request.url] ?? []
    if (!type) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': type, ...headers }).end(content)
  })
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))

const candidates = [process.env.CHROME, 'chromium', 'chromium-browser', 'google-chrome'].filter(Boolean)
const command = candidates.find((name) => spawnSync(name, ['--version']).status === 0)
if (!command) throw new Error(`no browser found (tried ${candidates.join(', ')}); set CHROME to one`)
const profile = mkdtempSync(join(tmpdir(), 'browser-'))
const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`]
const browser = spawn(command, [...flags, `http://127.0.0.1:${server.address().port}/`], {
  stdio: 'ignore',
  env: { ...process.env, TMPDIR: profile },
})
const closed = new Promise((resolve) => browser.once('exit', resolve))
try {
  const results = await finished
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const { path, cores, passed, skipped, failures, line } of results) {
    const { says = `${cores} thread` } = pages.find((page) => page.path === path)
    if (line !== '' && !line.includes(says)) failures.push(`the engine does not say '${says}'`)
    for (const failure of failures) console.log(`FAIL  ${path}: ${failure}`)
    console.log(`${path}: ${line}`)
    total.passed += passed
    total.failed += failures.length
    total.skipped += skipped
  }
  console.log(`browser: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
} finally {
  browser.kill()
  await closed
  server.close()
  server.closeAllConnections()
  // Its processes may still write for a moment.
  await rm(profile, { recursive: true, force: true, maxRetries: 5 })
}
