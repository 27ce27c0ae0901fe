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
  expect(await app.service.memories.list()).toHaveLength(1)
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

/** The field that what is said stands beside, which is also marked as wrong where it is. */
const about = () =>
  status().evaluate((said) => {
    const field = said.previousElementSibling!
    return { id: field.id, described: field.getAttribute('aria-describedby'), wrong: field.ariaInvalid }
  })

it('fits a phone, whatever names and answers are like', async () => {
  const { id } = (await app.service.memories.list())[0]
  const headers = { authorization: 'Bearer sesame' }
  await app.request('POST', `/v1/memories/${id}/fork`, { name: 'W'.repeat(200) }, headers)
  await page.reload()
  await page.getByLabel('API key').fill('sesame')
  await page.getByLabel('API key').blur()
  await page.getByText('WWWW').waitFor()
  await page.locator('#answer').evaluate((answer) => (answer.textContent = 'x'.repeat(500)))
  for (const width of [400, 320]) {
    await page.setViewportSize({ width, height: 800 })
    const outside = await page.locator('body *').evaluateAll((all, width) => {
      const boxes = all.map((each) => ({ each, box: each.getBoundingClientRect() }))
      return boxes
        .filter(({ box }) => box.width > 0 && (box.right > width || box.left < 0))
        .map(({ each }) => each.outerHTML.slice(0, 100))
    }, width)
    expect([width, outside]).toEqual([width, []])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
  }
  const heights = await page
    .getByRole('button')
    .evaluateAll((all) => all.map((each) => (each as HTMLElement).offsetHeight))
  expect(Math.min(...heights)).toBeGreaterThanOrEqual(44)
  expect(await page.locator('meta[name=viewport]').getAttribute('content')).toMatch(/width=device-width/)
})

it('has a button for files, and a label for everything', async () => {
  const before = await page.locator('#memories tr').count()
  const is = { name: 'is.txt', mimeType: 'text/plain', buffer: Buffer.from('It is.') }
  await page.getByLabel('a text file').setInputFiles(is)
  expect(await status().textContent()).toBe('is.txt, 6 bytes')
  await press('Read into a new memory')
  await row(before).waitFor()
  expect(await row(before).innerText()).toMatch(/^\s*is\.txt\s+6 tokens/)
  const unnamed = await page.locator('input, textarea, button, progress').evaluateAll((all) =>
    all
      .filter((each) => {
        const labels = (each as HTMLInputElement).labels ?? []
        return labels.length === 0 && !each.ariaLabel && !each.textContent?.trim()
      })
      .map((each) => each.outerHTML),
  )
  expect(unnamed).toEqual([])
})

it('says what is wrong beside what it is of', async () => {
  await page.locator('#text').fill('')
  await press('Read into a new memory')
  await said('There is nothing to read.')
  expect(await about()).toEqual({ id: 'text', described: 'status', wrong: 'true' })
  await drop(new Uint8Array([65, 0xff]))
  expect(await about()).toEqual({ id: 'file', described: 'status', wrong: null })
  await press('Read into a new memory')
  await said('whale.txt is not text in UTF-8.')
  expect(await about()).toEqual({ id: 'file', described: 'status', wrong: 'true' })
  await page.getByLabel('API key').fill('wrong')
  await page.getByLabel('API key').blur()
  await said(/^an API key is needed/)
  expect(await about()).toEqual({ id: 'key', described: 'status', wrong: 'true' })
})
