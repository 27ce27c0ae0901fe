import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { build } from 'vite'
import { launchBrowser } from '../../../../scripts/browser.mjs'
import { createApp } from '../app'
import { defaultLimits } from '../limits'
import { listen } from '../listen'
import { createMetrics } from '../metrics'

/** The pages, built as `build-site` builds them, behind a server that has no model. */
export async function openSite() {
  const site = join(mkdtempSync(join(tmpdir(), 'site-')), 'site')
  const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url))
  await build({ configFile, logLevel: 'error', build: { outDir: site, emptyOutDir: true } })
  const reach = { local: true, hosts: [], origins: [] }
  const options = { limits: defaultLimits, metrics: createMetrics(), reach, site }
  const listening = await listen(createApp({ status: 'loading' }, options), { host: '127.0.0.1', port: 0 })
  const browser = await launchBrowser({ webGpu: true })
  return {
    url: listening.url,
    browser,
    async close() {
      await browser.close()
      void listening.close()
      listening.cutOff()
    },
  }
}

export type Site = Awaited<ReturnType<typeof openSite>>

/** A page of the site in a tab of its own, and what went wrong there: errors, and whatever it asked of others. */
export async function openPage(
  { url, browser }: { url: string; browser: Browser },
  path: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage(options)
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  page.on('request', (request) => {
    const asked = request.url()
    if (!/^(data|blob):/.test(asked) && !asked.startsWith(`${url}/`)) problems.push(asked)
  })
  await page.goto(url + path)
  return { page, problems }
}

/** The rows of the table of numbers, as numbers. */
export async function numbersOf(page: Page): Promise<number[][]> {
  const rows = page.locator('#numbers tbody tr')
  return rows.evaluateAll((all) =>
    all.map((row) => [...row.querySelectorAll('td')].map((cell) => Number(cell.textContent))),
  )
}

/** Waits until the page says something in its status. */
export const said = (page: Page, text: RegExp) =>
  page.locator('#status').filter({ hasText: text }).waitFor({ timeout: 90_000 })

/** Presses Tab until an element of this id has the focus. @throws if it never has */
export async function tabTo(page: Page, id: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    if ((await page.evaluate('document.activeElement.id')) === id) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`'${id}' can't be reached with Tab`)
}

/** What stands out of a page that is so wide. */
export function outside(page: Page, width: number): Promise<string[]> {
  return page.locator('body *').evaluateAll((all, width) => {
    const boxes = all.map((each) => ({ each, box: each.getBoundingClientRect() }))
    return boxes
      .filter(
        ({ each, box }) =>
          box.width > 0 && (box.right > width + 0.5 || box.left < -0.5) && !each.closest('.scroll, svg'),
      )
      .map(({ each }) => each.outerHTML.slice(0, 100))
  }, width)
}

/** The contrast of the first such element's text to the page or to its own background, from 1 to 21 (WCAG 2). */
export function contrastOf(page: Page, selector: string): Promise<number> {
  return page
    .locator(selector)
    .first()
    .evaluate((element) => {
      const channels = (colour: string) => colour.match(/[\d.]+/g)!.map(Number)
      const luminance = (colour: string) => {
        const [r, g, b] = channels(colour).map((value) => {
          const share = value / 255
          return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
        })
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
      }
      const own = getComputedStyle(element)
      const paper = channels(own.backgroundColor)[3] === 0 ? getComputedStyle(document.body) : own
      const [low, high] = [luminance(own.color), luminance(paper.backgroundColor)].sort((a, b) => a - b)
      return (high + 0.05) / (low + 0.05)
    })
}

/** What takes or tells something in a page and has no name for those who can't see it, as HTML. */
export const unnamedFields = (page: Page): Promise<string[]> =>
  page.locator('input, textarea, select, button, progress, meter').evaluateAll((all) =>
    all
      .filter((each) => {
        const labels = (each as HTMLInputElement).labels ?? []
        return labels.length === 0 && !each.ariaLabel && !each.textContent?.trim()
      })
      .map((each) => each.outerHTML),
  )
