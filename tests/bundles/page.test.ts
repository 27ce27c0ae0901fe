import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readmeExamples } from './readme-examples'
import { viteBuild } from './vite-build'

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
)

/** Tells the server what the page says; the end, or what went wrong, last. */
const told = (script: string) => `<!doctype html><script type="module">
const tell = (kind) => (...all) => fetch('/' + kind, { method: 'POST', body: all.join(' ') + '\\n' })
console.log = tell('said')
onerror = tell('failed')
onunhandledrejection = ({ reason }) => tell('failed')(reason.stack)
import('/${script}').then(() => tell('done')(), (error) => tell('failed')(error.stack))
</script>`

/** Shows a script to a headless browser. @returns what it said to the console */
async function saidOnPage(code: string): Promise<string> {
  const { output } = await viteBuild(code)
  const files = new Map<string, string | Uint8Array>(
    output.map((file) => [file.fileName, file.type === 'chunk' ? file.code : file.source]),
  )
  let resolve!: (said: string) => void
  let reject!: (error: Error) => void
  const promise = new Promise<string>((...both) => ([resolve, reject] = both))
  let said = ''
  const server = createServer((request, response) => {
    void answer(request, response)
  })
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!.slice(1)
    if (request.method === 'POST') {
      let text = ''
      for await (const piece of request) text += String(piece)
      if (path === 'said') said += text
      if (path === 'done') resolve(said)
      if (path === 'failed') reject(new Error(text))
      response.end()
      return
    }
    const content = path === '' ? told(output[0].fileName) : files.get(path)
    const type = path === '' ? 'text/html' : path.endsWith('.js') ? 'text/javascript' : 'application/wasm'
    response.writeHead(content === undefined ? 404 : 200, { 'Content-Type': type })
    response.end(content)
  }
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const profile = mkdtempSync(join(tmpdir(), 'page-'))
  const options = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`]
  const browser = spawn(chromium!, [...options, `http://127.0.0.1:${port}/`], { stdio: 'ignore' })
  browser.once('error', reject)
  browser.once('exit', (code) => reject(new Error(`the browser ended with ${String(code)}`)))
  try {
    return await promise
  } finally {
    browser.kill()
    server.close()
    server.closeAllConnections()
  }
}

const [trains, loads] = readmeExamples()

it.runIf(chromium)(`a page ${trains.name}`, async () => {
  const said = await saidOnPage(trains.code)
  expect(said).toContain('engine: wasm (128-bit SIMD')
  expect(said).toMatch(/step 30: loss 2\.\d+/)
  expect(said).toMatch(/read 256 bytes in 15 steps of learning, 2\.\d+ nats per byte/)
})

it.runIf(chromium)(`a page ${loads.name}`, async () => {
  const said = await saidOnPage(loads.code.replace('process.stdout.write', 'console.log'))
  expect(said.replaceAll('\n', '').length).toBeGreaterThan(30)
})
