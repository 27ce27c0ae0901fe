// Runs the op suite of every fused op on the wasm engine in headless Chromium: bundles the tests, a stand-in taking
// vitest's place, serves them to a page and prints what it reports. $CHROME names another browser.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../packages/kernels/src', import.meta.url))
const wasm = join(source, 'engines/wasm')
const patienceMilliseconds = 900_000

/** esbuild comes with tsup. */
const { build } = createRequire(createRequire(import.meta.url).resolve('tsup'))('esbuild')

// An op has cases; what several share has tests, too, some of them for Node alone.
const tests = readdirSync(source).filter((op) =>
  ['cases.ts', `${op}.test.ts`].every((file) => existsSync(join(source, op, file))),
)

const page = `
${tests.map((op) => `import './${op}/${op}.test'`).join('\n')}
import { runTests } from 'vitest'
import { resolveEngine, tf } from '@ttt-e2e/tensor-ops'
const report = (result) => fetch('/report', { method: 'POST', body: JSON.stringify(result) })
async function speed() {
  const { line } = await resolveEngine('wasm')
  const x = tf.ones([512, 512])
  let best = Infinity
  for (let i = 0; i < 20; i++) {
    const start = performance.now()
    tf.matMul(x, x).dispose()
    best = Math.min(best, performance.now() - start)
  }
  return line + '; matMul [512, 512]: ' + (2 * 512 ** 3 / best / 1e6).toFixed(1) + ' GFLOP/s'
}
runTests()
  .then(async (result) => report({ ...result, line: await speed() }))
  .catch((error) => report({ passed: 0, skipped: 0, failures: [String(error.stack)], line: '' }))
`

const bundle = await build({
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

const files = {
  '/': [
    'text/html',
    `<!doctype html><title>op suite</title><script>
      addEventListener('error', ({ message }) => {
        const result = { passed: 0, skipped: 0, failures: [message], line: '' }
        fetch('/report', { method: 'POST', body: JSON.stringify(result) })
      })
    </script><script type="module" src="/main.js"></script>`,
  ],
  '/main.js': ['text/javascript', bundle.outputFiles[0].contents],
  '/kernels.wasm': ['application/wasm', readFileSync(join(wasm, 'kernels.wasm'))],
}

const profile = mkdtempSync(join(tmpdir(), 'browser-'))
const server = createServer()
const finished = new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error('the page did not report in time')), patienceMilliseconds).unref()
  server.on('request', async (request, response) => {
    if (request.method === 'POST') {
      const body = []
      for await (const piece of request) body.push(piece)
      response.end()
      return resolve(JSON.parse(Buffer.concat(body).toString()))
    }
    const [type, content] = files[request.url] ?? []
    if (!type) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': type }).end(content)
  })
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))

const candidates = [process.env.CHROME, 'chromium', 'chromium-browser', 'google-chrome'].filter(Boolean)
const command = candidates.find((name) => spawnSync(name, ['--version']).status === 0)
if (!command) throw new Error(`no browser found (tried ${candidates.join(', ')}); set CHROME to one`)
const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`]
const browser = spawn(command, [...flags, `http://127.0.0.1:${server.address().port}/`], { stdio: 'ignore' })
const closed = new Promise((resolve) => browser.once('exit', resolve))
try {
  const { passed, skipped, failures, line } = await finished
  for (const failure of failures) console.log(`FAIL  ${failure}`)
  console.log(line)
  console.log(`browser: ${passed} passed, ${failures.length} failed, ${skipped} skipped`)
  process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1
} finally {
  browser.kill()
  await closed
  server.close()
  server.closeAllConnections()
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
}
