import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { findBrowser, launchBrowser } from '../../../../scripts/browser.mjs'
import { listeningApp, tinyModel, until } from '../testing'

const found = findBrowser()
beforeEach(({ skip }) => {
  if (found === undefined) skip('there is no Chromium; install it, or name one in CHROME')
})

let app: Awaited<ReturnType<typeof listeningApp>>
let browser: Browser | undefined
let page: Page
beforeAll(async () => {
  app = await listeningApp(await tinyModel(), { apiKey: 'sesame' })
  if (found === undefined) return
  browser = await launchBrowser()
  page = await browser.newPage()
  await page.goto(app.url)
})
afterAll(async () => {
  await browser?.close()
  app.close()
})

const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
const status = () => page.getByRole('status')
const said = (text: RegExp | string) => status().filter({ hasText: text }).waitFor()
const row = (index: number) => page.locator('#memories tr').nth(index)
const chosen = () =>
  page.locator('#memories input').evaluateAll((all) => all.map((each) => (each as HTMLInputElement).checked))
const hidden = { state: 'hidden' } as const

/** As if a file were dropped on the text. */
const drop = (bytes: Uint8Array) =>
  page.locator('#text').evaluate((text, content) => {
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File([new Uint8Array(content)], 'whale.txt'))
    text.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }))
  }, Array.from(bytes))

it('asks for the key, and reads a text into a memory and more into it', async () => {
  await said(/./)
  expect(await status().textContent()).toMatch(/^an API key is needed/)
  await page.getByLabel('API key').fill('sesame')
  await page.getByLabel('API key').blur()

  await page.locator('#text').fill('The sea keeps what it takes. '.repeat(4))
  await press('Read into a new memory')
  await row(0).waitFor()
  await page.locator('#progress').waitFor(hidden)
  await page.locator('#text').fill('And more.')
  await press('Read into the chosen memory')
  await row(0).getByText('125 tokens').waitFor()
  expect(await page.locator('#memories tr').count()).toBe(1)
  expect(await row(0).innerText()).toMatch(
    /^\s*The sea keeps what it takes\. The sea kee\s+125 tokens, 15 steps, \d+ KB/,
  )
  expect(await status().textContent()).toBe('125 tokens read, 15 steps of learning')
})

it('forks the memory, goes on from it until it is stopped, and forgets it', async () => {
  await row(0).getByRole('button', { name: 'Fork' }).click()
  await row(1).waitFor()
  expect(await chosen()).toEqual([false, true])
  await page.locator('#prompt').fill('It ')
  // Waited for before it begins, as it may be over soon.
  await Promise.all([press('Stop'), press('Go on from the chosen memory')])
  await page.locator('#stop:disabled').waitFor()
  await row(1).getByRole('button', { name: 'Forget' }).click()
  await row(1).waitFor(hidden)
  expect(await page.locator('#memories tr').count()).toBe(1)
  expect(await status().textContent()).toBe('')
  await until(async () => (await app.value('requests_running')) === 0)
  expect(await app.value('tokens_generated_total')).toBeLessThan(400)
  expect(app.service.memories.list()).toHaveLength(1)
})

it('reads a file that is dropped on it, and refuses one that is no text', async () => {
  await drop(new TextEncoder().encode('naïve — 鯨'))
  expect(await status().textContent()).toBe('whale.txt, 14 bytes')
  await press('Read into a new memory')
  await row(1).waitFor()
  expect(await row(1).innerText()).toMatch(/^\s*whale\.txt\s+14 tokens, 1 steps/)
  await drop(new Uint8Array([65, 0xff]))
  await press('Read into a new memory')
  await page.locator('#status.error').waitFor()
  expect(await status().textContent()).toBe('whale.txt is not text in UTF-8.')
})
