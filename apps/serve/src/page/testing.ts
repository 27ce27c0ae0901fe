import { AxeBuilder } from '@axe-core/playwright'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { launchBrowser } from '../../../../scripts/browser.mjs'
import type { MemoryAnswer } from '../routes/schemas'
import { listeningApp, tinyModel } from '../testing'
import { PageDriver } from './page-driver'

/** The page, built as `build-page` builds it, behind a server with a tiny model, in a browser. */
export async function servePage(options: { apiKey?: string } = {}) {
  const folder = join(mkdtempSync(join(tmpdir(), 'page-')), 'page')
  const configFile = fileURLToPath(new URL('../../vite.page.config.ts', import.meta.url))
  await build({ configFile, logLevel: 'error', build: { outDir: folder, emptyOutDir: true } })
  const app = await listeningApp(await tinyModel(), { ...options, page: folder })
  const browser = await launchBrowser()
  const { page, problems } = await openTab(browser, app.url)
  const headers = { authorization: `Bearer ${options.apiKey}` }
  /** What the server says at an address below that of all memories. */
  const ofMemories = async (path: string) =>
    (await app.request('GET', `/v1/memories${path}`, undefined, headers)).json()
  return {
    app,
    browser,
    page,
    problems,
    drive: new PageDriver(page),
    ofMemories,
    memoryCalled: async (name: string): Promise<MemoryAnswer> =>
      (await ofMemories('')).data.find((each: MemoryAnswer) => each.name === name),
    async close() {
      await browser.close()
      app.close()
    },
  }
}

export type ServedPage = Awaited<ReturnType<typeof servePage>>

/** The page in a tab of its own, and what went wrong there: errors, and whatever it asked of others. */
export async function openTab(browser: Browser, url: string): Promise<{ page: Page; problems: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(`${url}/`))
      problems.push(request.url())
  })
  await page.goto(url)
  return { page, problems }
}

/** What axe finds wrong with what is shown, light and dark, at a desk and on a phone. The page is at a desk and light then. */
export async function axeProblems(page: Page): Promise<string[]> {
  const found = new Set<string>()
  for (const width of [400, 1280])
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme })
      // There are no frames, which need what takes longer.
      const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
      for (const { id, nodes } of violations)
        for (const { html } of nodes) found.add(`${width} ${colorScheme}: ${id}: ${html.slice(0, 120)}`)
    }
  return [...found]
}

/** Another server of this machine, which has a text. @param allows whether it lets pages of others read it */
export async function textServer(text: string, allows: boolean): Promise<{ url: string; close(): void }> {
  const server = createServer((_, answer) => {
    answer.writeHead(200, {
      'content-type': 'text/plain',
      ...(allows && { 'access-control-allow-origin': '*' }),
    })
    answer.end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/sea.txt`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
