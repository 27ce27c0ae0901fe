import { Hono } from 'hono'
import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { BuiltPages } from './built-pages'

it('builds pages that are not there or older than their sources, once, and keeps them where that fails', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pages-'))
  const sources = join(folder, 'src')
  const config = join(folder, 'vite.config.mjs')
  mkdirSync(sources)
  writeFileSync(config, `export default { root: ${JSON.stringify(sources)} }`)
  const write = (title: string, second: number) => {
    writeFileSync(join(sources, 'index.html'), title)
    utimesSync(join(sources, 'index.html'), second, second)
  }
  /** What a server that starts now answers. */
  const answers = async (times = 1) => {
    const pages = new BuiltPages(join(folder, 'dist'), 'build-page', { config, sources: [sources] })
    const app = new Hono().get('/', pages.file)
    const all = await Promise.all(Array.from({ length: times }, async () => (await app.request('/')).text()))
    return [...new Set(all)]
  }
  const now = Date.now() / 1000
  write('<title>one</title>', now - 1000)
  expect(await answers(3)).toEqual(['<title>one</title>'])
  write('<title>two</title>', now - 1000)
  expect(await answers()).toEqual(['<title>one</title>'])
  write('<title>two</title>', now + 1000)
  expect(await answers()).toEqual(['<title>two</title>'])
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  write('<script type="module" src="./nowhere.js"></script>', now + 2000)
  expect(await answers()).toEqual(['<title>two</title>'])
  expect(logged.mock.calls.join()).toMatch(
    /pages could not be built into .*Failed to resolve \.\/nowhere\.js/s,
  )
  logged.mockRestore()
})
