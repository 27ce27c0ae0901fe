import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { findBrowser } from '../../../../scripts/browser.mjs'
import { until } from '../testing'
import { openTab, servePage, textServer, type ServedPage } from './testing'

const found = findBrowser()
beforeEach(({ skip }) => {
  if (found === undefined) skip('there is no Chromium; install it, or name one in CHROME')
})

const sea = 'The sea keeps what it takes. '
let served: ServedPage
let { app, page, problems, drive } = {} as ServedPage
beforeAll(async () => {
  if (found === undefined) return
  served = await servePage()
  ;({ app, page, problems, drive } = served)
  const { id } = await (
    await app.request('POST', '/v1/memories', { text: sea.repeat(4), name: 'sea.txt' })
  ).json()
  await app.request('POST', `/v1/memories/${id}/fork`, { name: 'Fork of sea.txt' })
  await page.reload()
  await page.locator('#memory-name').waitFor()
})
afterAll(() => served?.close())

it('takes a text that is pasted, dropped or an example, and refuses what is no text beside it', async () => {
  await drive.press('New memory')
  await drive.press('Read it')
  await drive.problem('text').waitFor()
  expect(await drive.problem('text').textContent()).toBe(
    'There is nothing to read yet: paste a text here, or choose a file.',
  )
  expect(await page.locator('#text').getAttribute('aria-invalid')).toBe('true')
  expect(await page.locator('#text').getAttribute('aria-describedby')).toBe('problem-text')
  await drive.give('drop', [65, 0xff])
  await drive.press('Read it')
  await drive.problem('file').waitFor()
  expect(await drive.problem('file').textContent()).toBe(
    'whale.txt is not text in UTF-8. Save it as UTF-8, and choose it again.',
  )
  expect(await page.locator('.taken').innerText()).toMatch(/^whale\.txt 2 bytes/)
  await drive.press('Take another')
  await drive.give('drop', [...new TextEncoder().encode('naïve — 鯨')])
  await drive.press('Read it')
  await drive.noticed('whale.txt was read.')
  expect(await drive.facts()).toMatch(/^14 tokens read, 1 step of/)
  await drive.press('New memory')
  await drive.give('paste', [65, 66])
  expect(await page.locator('.taken').innerText()).toMatch(/^whale\.txt 2 bytes/)
  await drive.press('Take another')
  await drive.press('or take an example')
  expect(await page.locator('.taken').innerText()).toMatch(/^The Ledger of the Lamp-house 2\.\d KB/)
  await drive.press('Take another')
  await drive.readPasted(sea)
  expect(await drive.heading()).toBe('The sea keeps what it takes.')
})

it('leaves nothing of a long text that is stopped in its middle', async () => {
  const before = await served.ofMemories('')
  await drive.press('New memory')
  const long = { name: 'long.txt', mimeType: 'text/plain', buffer: Buffer.alloc(3 * 2 ** 17, sea) }
  await page.locator('#file').setInputFiles(long)
  await drive.press('Read it')
  await page.locator('.reading', { hasText: /[1-9]\d* tokens, / }).waitFor()
  expect(await page.locator('.memories').textContent()).toMatch(/Reading long\.txt, \d+ %/)
  await drive.press('Stop')
  await drive.noticed('long.txt was not read to its end: nothing of it is kept.')
  await until(async () => (await app.value('requests_running')) === 0)
  expect(await served.ofMemories('')).toEqual(before)
  // What was given is still there, to be tried again.
  expect(await page.locator('.taken').innerText()).toMatch(/^long\.txt/)
  await drive.press('Take another')
})

it('leaves everything as it was where a part of a long text can’t be read, and says why', async () => {
  let refused = false
  // The first part is read, in short; the next one isn't.
  await page.route(/\/v1\/memories(\/\w+\/read)?$/, async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    refused = !refused
    const error = { message: 'the disk is full', code: 'disk_refuses', param: null }
    return refused
      ? route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), text: sea }) })
      : route.fulfill({ status: 507, json: { error } })
  })
  const long = { name: 'long.txt', mimeType: 'text/plain', buffer: Buffer.alloc(2 ** 17 + 10, sea) }
  const before = await served.ofMemories('')
  for (const does of ['Read it', 'Read it, too']) {
    await page.locator('#file').setInputFiles(long)
    await drive.press(does)
    await drive.problem('file').waitFor()
    expect(await drive.problem('file').textContent()).toBe('The disk is full.')
    const now = await served.ofMemories('')
    const facts = (all: { data: { id: string; tokens: number }[] }) =>
      all.data.map(({ id, tokens }) => [id, tokens])
    expect([does, facts(now)]).toEqual([does, facts(before)])
    await drive.pick('sea.txt')
    await drive.show('Read more')
  }
  await page.unroute(/\/v1\/memories(\/\w+\/read)?$/)
  const ids = await Promise.all(
    ['sea.txt', 'Fork of sea.txt'].map(async (name) => (await served.memoryCalled(name)).id),
  )
  expect((await served.ofMemories(`/${ids[0]}/diff/${ids[1]}`)).distance).toBe(0)
  // What browsers say of an answer of 507 themselves.
  expect(problems.splice(0).filter((each) => !each.includes('507'))).toEqual([])
})

it('has made no error until here, and asked nobody else', () => {
  expect(problems).toEqual([])
})

it('fetches a text from an address of this machine, and from no other', async () => {
  const [open, closed] = [await textServer(sea, true), await textServer(sea, false)]
  const { page: tab, problems: found } = await openTab(served.browser, app.url)
  await tab.getByRole('button', { name: 'New memory' }).click()
  await tab.getByText('or take it from an address of this machine').click()
  const from = async (address: string) => {
    await tab.getByLabel('Address', { exact: true }).fill(address)
    await tab.keyboard.press('Enter')
  }
  const refusal = tab.locator('#problem-address .problem')
  for (const [address, why] of [
    ['https://example.org/book.txt', /^example\.org is another machine\./],
    ['file:///etc/passwd', /choose the file instead/],
    ['http://', /^This is no address\./],
    [`${new URL(app.url).host}/nothing`, /it answers 404\./],
    ['ftp://localhost/book.txt', /^This is no address\./],
    [closed.url, /^127\.0\.0\.1:\d+ gave nothing: .*Access-Control-Allow-Origin/],
    ['javascript:alert(1)', /^This is no address\./],
    [`${app.url}/nothing`, /it answers 404\./],
  ] as const) {
    await from(address)
    await refusal.filter({ hasText: why }).waitFor()
  }
  expect(found.filter((each) => each.includes('example'))).toEqual([])
  await from(open.url)
  await tab.locator('.taken', { hasText: 'sea.txt' }).waitFor()
  await tab.getByRole('button', { name: 'Read it', exact: true }).click()
  await tab.locator('.notice', { hasText: 'sea.txt was read.' }).waitFor()
  open.close()
  closed.close()
})
