// Runs every example of examples/ in a folder where the packages are installed as they are published.
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launchBrowser } from './browser.mjs'
import { checkOutput } from './examples.mjs'
import { bundler } from './tools.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const examples = join(root, 'examples')

/** What an example prints; … stands for anything. */
const promises = {
  'learn-while-reading.mjs': `without learning … nats per byte
with … steps of learning … nats per byte
better by learning: true`,
  'custom-system.mjs': `engine: …
learning-deltanet: …K parameters, loss 5.… → …
full-attention: …K parameters, loss 5.… → …`,
  'serve-client.mjs': `read 660 tokens in … steps of learning into … bytes
goes on with "…": 660 tokens were not read again
goes on with "…": 660 tokens were not read again`,
}

/**
 * Registers a check for each example.
 *
 * @param folder where the packages are installed
 * @param check takes what is checked and an action that throws where it isn't so
 */
export async function checkExamples(folder, check) {
  cpSync(examples, join(folder, 'examples'), { recursive: true })
  const names = readdirSync(examples).filter((name) => name.endsWith('.mjs'))
  for (const name of names)
    await check(`run examples/${name}`, async () => {
      if (!(name in promises)) throw new Error('scripts/check-examples.mjs must say what it prints')
      const run = (environment) =>
        execFileSync(process.execPath, [join('examples', name)], {
          cwd: folder,
          encoding: 'utf8',
          stdio: 'pipe',
          env: { ...process.env, ...environment },
        })
      const output = name === 'serve-client.mjs' ? await withServer((SERVER) => run({ SERVER })) : run()
      checkOutput(output, promises[name])
    })
  await check('open examples/page', () => checkPage(folder))
}

/** @param action what to do with the address of a server of the demo model, which ends afterwards */
async function withServer(action) {
  const serve = join(root, 'apps/serve')
  const tsx = createRequire(join(serve, 'package.json')).resolve('tsx')
  const options = ['--conditions=source', '--import', tsx, 'src/main.ts', '--port', '0']
  const server = spawn(process.execPath, options, { cwd: serve, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => server.once('exit', resolve))
  try {
    let output = ''
    for await (const text of server.stdout) {
      output += text
      const [address] = /http:\/\/[^\s/]+:\d+/.exec(output) ?? []
      if (address !== undefined) return await action(address)
    }
    throw new Error(`the server ended: ${output}`)
  } finally {
    server.kill()
    await ended
  }
}

async function checkPage(folder) {
  const source = join(folder, 'examples/page')
  const bundle = await bundler()({
    entryPoints: [join(source, 'main.js')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    logLevel: 'error',
  })
  const wasm = join(
    dirname(createRequire(join(folder, 'package.json')).resolve('@ttt-e2e/kernels/ops')),
    'kernels.wasm',
  )
  const files = {
    '/': ['text/html', readFileSync(join(source, 'index.html'))],
    '/main.js': ['text/javascript', bundle.outputFiles[0].contents],
    '/kernels.wasm': ['application/wasm', readFileSync(wasm)],
  }
  const server = createServer((request, response) => {
    const [type, content] = files[request.url] ?? []
    if (!type) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': type }).end(content)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage()
    const errors = []
    page.on('pageerror', (error) => errors.push(error.message))
    await page.goto(`http://127.0.0.1:${server.address().port}/`)
    await page.locator('#engine', { hasText: 'engine: wasm' }).waitFor()
    await page.getByRole('button', { name: 'Read' }).click()
    await page.locator('#lines', { hasText: /(nats.*){4}/s }).waitFor()
    const lines = (await page.locator('#lines').innerText()).trim().split('\n')
    const [first, last] = [lines[0], lines.at(-1)].map((line) => Number.parseFloat(line))
    if (errors.length > 0 || !(last < first) || !/[1-9]\d* steps of learning$/.test(lines.at(-1)))
      throw new Error([...errors, ...lines].join('\n'))
  } finally {
    await browser.close()
    server.close()
    server.closeAllConnections()
  }
}
