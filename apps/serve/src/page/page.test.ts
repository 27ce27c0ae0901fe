import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { findBrowser } from '../../../../scripts/browser.mjs'
import { outside, tabTo, unnamedFields } from '../site/testing'
import { until } from '../testing'
import { axeProblems, servePage, type ServedPage } from './testing'

const found = findBrowser()
beforeEach(({ skip }) => {
  if (found === undefined) skip('there is no Chromium; install it, or name one in CHROME')
})

let served: ServedPage
let { app, page, problems, drive } = {} as ServedPage
beforeAll(async () => {
  if (found === undefined) return
  served = await servePage({ apiKey: 'sesame' })
  ;({ app, page, problems, drive } = served)
})
afterAll(() => served?.close())

const sea = 'The sea keeps what it takes. '
const textFile = (name: string, content: string) => ({
  name,
  mimeType: 'text/plain',
  buffer: Buffer.from(content),
})

it('loads nothing from elsewhere, and says so', async () => {
  const answer = await app.request('GET', '/')
  expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'/)
  const addresses = [...(await answer.text()).matchAll(/(?:src|href)="([^"]*)/g)].map(
    ([, address]) => address,
  )
  expect(addresses.length).toBeGreaterThan(2)
  for (const address of addresses) expect(address).toMatch(/^(\.\/page\/[\w.-]+|data:,)$/)
  const links = await page.locator('nav a').evaluateAll((all) => all.map((each) => each.getAttribute('href')))
  expect(links).toEqual(['read/', 'meta-train/'])
})

it('asks for the key, and says beside its field that one is wrong', async () => {
  await page.getByText('This server needs a key').waitFor()
  expect(await drive.problem('key').count()).toBe(0)
  await page.getByLabel('API key').fill('wrong')
  await drive.press('Go in')
  await drive.problem('key').waitFor()
  expect(await drive.problem('key').textContent()).toMatch(/^The server doesn’t know this key\./)
  const field = page.getByLabel('API key')
  expect(await field.getAttribute('aria-invalid')).toBe('true')
  expect(await field.getAttribute('aria-describedby')).toBe('problem-key')
  await field.fill(' sesame ')
  await drive.press('Go in')
  await page.getByText('Give it something to read').waitFor()
  // What browsers say of an answer of 401 themselves.
  expect(problems.splice(0).filter((each) => !each.includes('401'))).toEqual([])
  await page.reload()
  await page.getByText('None yet. What the model has read will stand here.').waitFor()
  expect(await axeProblems(page)).toEqual([])
})

it('reads a file that is chosen, with its progress and its curve as it reads', async () => {
  await page.evaluate(`
    window.seen = []
    new MutationObserver(() => {
      const progress = document.querySelector('progress')
      const curve = document.querySelector('.reading .chart [aria-label=line] path')
      if (progress) window.seen.push({ value: progress.value, curve: curve?.getAttribute('d')?.length ?? 0 })
    }).observe(document.body, { subtree: true, childList: true, attributes: true })`)
  await page.locator('#file').setInputFiles(textFile('sea.txt', sea.repeat(40)))
  expect(await page.locator('.taken').innerText()).toMatch(/^sea\.txt 1\.2 KB/)
  await drive.press('Read it')
  await drive.noticed('sea.txt was read.')
  const seen = await page.evaluate<{ value: number; curve: number }[]>('window.seen')
  const values = new Set(seen.map(({ value }) => value))
  expect([...values].filter((value) => value > 0 && value < 1).length).toBeGreaterThan(5)
  expect(new Set(seen.map(({ curve }) => curve)).size).toBeGreaterThan(2)
  expect(await drive.heading()).toBe('sea.txt')
  expect(await drive.facts()).toMatch(/^1,160 tokens read, 144 steps of learning; \d+ KB/)
  expect(await drive.tree()).toEqual(['sea.txt'])
})

it('shows how well it was predicted, what surprised and what moved the weights, and all of it after a reload but the text', async () => {
  const losses = (await served.ofMemories(`/${(await served.memoryCalled('sea.txt')).id}/events`)).losses
  await page.locator('.chart [aria-label=line] path').waitFor()
  await page.getByText('The numbers').click()
  expect(await page.locator('td').count()).toBe(2 * losses.length)
  const marked = page.getByRole('region', { name: 'sea.txt', exact: true })
  expect(await marked.textContent()).toBe(sea.repeat(40))
  expect(await marked.locator('mark.level-4').count()).toBeGreaterThan(0)
  // What comes again and again surprises less and less.
  expect(await marked.locator('> *').first().getAttribute('class')).toMatch(/^level-[34]$/)
  expect(await marked.locator('> *').last().getAttribute('title')).toMatch(/^\d\.\d\d nats per token$/)
  expect(await page.locator('.passages blockquote').first().textContent()).toMatch(/sea keeps/)
  expect(await page.locator('.passages > li').count()).toBeGreaterThan(5)
  expect(await axeProblems(page)).toEqual([])
  await page.reload()
  await drive.show('What it read')
  await page.locator('.passages blockquote').first().waitFor()
  expect(await marked.count()).toBe(0)
})

it('goes on from a memory as it answers, until it is stopped, and leaves it as it was', async () => {
  const before = await served.memoryCalled('sea.txt')
  await drive.show('Ask')
  await page.getByText('How it answers').click()
  // Drawn tokens may end an answer at once.
  await page.getByLabel('Boldness').fill('0')
  await page.locator('#prompt').fill('It ')
  const answered = page.locator('.turns[aria-busy="false"]')
  await drive.press('Go on')
  await answered.waitFor()
  await page.locator('#prompt').fill('And ')
  await page.getByLabel('Tokens at the most').fill('1000')
  const generated = await app.value('tokens_generated_total')
  // So slowly that there is time to stop it.
  const { scheduler } = app.service
  const step = scheduler.step.bind(scheduler)
  const slow = vi.spyOn(scheduler, 'step').mockImplementation(async (asked) => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    return step(asked)
  })
  await Promise.all([drive.press('Stop'), page.locator('#prompt').press('Enter')])
  await answered.waitFor()
  slow.mockRestore()
  const turns = await page.locator('.turn').allTextContents()
  expect(turns).toHaveLength(2)
  expect(turns[0]).toMatch(/^You wrote: It It went on: .{20}/s)
  expect(turns[1]).toMatch(/^You wrote: And It went on: /)
  await until(async () => (await app.value('requests_running')) === 0)
  expect((await app.value('tokens_generated_total')) - generated).toBeLessThan(1000)
  expect((await served.memoryCalled('sea.txt')).version).toBe(before.version)
  expect(await axeProblems(page)).toEqual([])
  await page.getByLabel('Tokens at the most').fill('50')
  await drive.press('Begin anew')
  expect(await page.locator('.turn').count()).toBe(0)
  await drive.press('Go on')
  expect(await drive.problem('prompt').textContent()).toBe('Write how it begins first.')
})

it('forks and renames memories, undoes both, and forgets one when it is sure', async () => {
  await drive.press('Fork')
  await drive.noticed('was forked')
  expect(await drive.tree()).toEqual(['sea.txt', '  Fork of sea.txt'])
  await drive.press('Undo')
  await drive.noticed('Undone.')
  expect(await drive.tree()).toEqual(['sea.txt'])
  await drive.press('Fork')
  await drive.noticed('was forked')
  await drive.press('Rename')
  await page.getByLabel('Name').fill('Storm')
  await page.keyboard.press('Enter')
  await drive.noticed('It is called “Storm” now.')
  expect(await drive.tree()).toEqual(['sea.txt', '  Storm'])
  await drive.press('Undo')
  await drive.noticed('Undone.')
  expect(await drive.heading()).toBe('Fork of sea.txt')
  await drive.press('Fork')
  await page.locator('h1', { hasText: 'Fork of Fork of sea.txt' }).waitFor()
  expect(await drive.tree()).toEqual(['sea.txt', '  Fork of sea.txt', '    Fork of Fork of sea.txt'])
  await drive.press('Forget')
  await drive.button('Keep it').waitFor()
  expect(await axeProblems(page)).toEqual([])
  await drive.press('Keep it')
  expect(await drive.tree()).toHaveLength(3)
  await drive.press('Forget')
  await drive.press('Forget it')
  await drive.noticed('was forgotten.')
  expect(await drive.tree()).toEqual(['sea.txt', '  Fork of sea.txt'])
  expect(await app.service.memories.list()).toHaveLength(2)
})

it('reads on in a memory, undoes that to the bit, and can go back later, too', async () => {
  const { id } = await served.memoryCalled('sea.txt')
  const { id: fork } = await served.memoryCalled('Fork of sea.txt')
  const apart = async () => (await served.ofMemories(`/${id}/diff/${fork}`)).distance
  await drive.pick('sea.txt')
  await drive.show('Read more')
  await drive.readPasted('And more, and more.', 'Read it, too')
  expect(await drive.facts()).toMatch(/^1,179 tokens read/)
  expect(await apart()).toBeGreaterThan(0)
  expect(await drive.tree()).toEqual(['sea.txt', '  Fork of sea.txt', '  Before And more, and more.'])
  await drive.press('Undo')
  await drive.noticed('Undone.')
  expect(await drive.facts()).toMatch(/^1,160 tokens read/)
  expect(await apart()).toBe(0)
  expect(await drive.tree()).toEqual(['sea.txt', '  Fork of sea.txt'])

  await drive.show('Read more')
  await drive.readPasted('And more.', 'Read it, too')
  await drive.pick('Before And more.')
  expect(await page.locator('.memories').textContent()).toMatch(/Before And more\.1,160 tokens · until /)
  await drive.press('Go back to this')
  await drive.noticed('“sea.txt” is what “Before And more.” is.')
  expect(await drive.facts()).toMatch(/^1,160 tokens read/)
  expect(await apart()).toBe(0)
})

it('compares two memories and the model, by what they write and by what surprises them', async () => {
  await drive.pick('Fork of sea.txt')
  await drive.show('Compare')
  await drive.press('Compare')
  expect(await drive.problem('compared').textContent()).toBe('Write a text first, which both are given.')
  await page.locator('#compared').fill('The sea ')
  await page.getByLabel('Learn from what it writes, too').first().check()
  await drive.press('Compare')
  await drive.button('Compare').waitFor()
  const titles = () => page.locator('.outcome h2').allTextContents()
  expect(await titles()).toEqual([
    'Fork of sea.txt, learning from what it writes',
    'The model, which has read nothing',
  ])
  for (const text of await page.locator('.outcome .answer').allTextContents())
    expect(text).toMatch(/^The sea .{5}/su)

  await page.getByLabel('how much it surprises them').check()
  await page.locator('#compared').fill(`${sea}naïve`)
  await drive.press('Compare')
  await page
    .getByText(/nats per token for “Fork of sea\.txt”, .* it surprises “Fork of sea\.txt” less, by/)
    .waitFor()
  for (const text of await page.locator('.outcome .surprise-text').allTextContents())
    expect(text).toBe(`${sea}naïve`)
  expect(await page.locator('.outcome mark').count()).toBeGreaterThan(5)
  expect(await axeProblems(page)).toEqual([])
  await page.getByLabel('beside').selectOption({ label: 'sea.txt' })
  await drive.press('Compare')
  await page.getByText('it surprises both alike.').waitFor()
  await page.getByText('Their weights are 0.0 apart.').waitFor()
})

it('compares a memory that learns from the text with itself that doesn’t', async () => {
  for (const side of ['This', 'beside']) await page.getByLabel(side).selectOption({ label: 'sea.txt' })
  await page.locator('#compared').fill('Nothing of the kind. '.repeat(4))
  await drive.press('Compare')
  await page.getByText('it surprises both alike.').waitFor()
  await page.getByLabel('Learn from the text').last().uncheck()
  await drive.press('Compare')
  await page.getByText('it surprises “sea.txt” less, by').waitFor()
  const titles = page.locator('.outcome h2')
  expect(await titles.allTextContents()).toEqual(['sea.txt', 'sea.txt, not learning from the text'])
  await page.getByLabel('how they go on from it').check()
  const learned = await app.value('inner_steps_total')
  await page.getByLabel('Learn from the text').first().uncheck()
  await page.getByLabel('Learn from what it writes, too').first().uncheck()
  await drive.press('Compare')
  await drive.button('Compare').waitFor()
  expect(await app.value('inner_steps_total')).toBe(learned)
  expect(await axeProblems(page)).toEqual([])
})

it('reads a text without learning from it', async () => {
  await drive.press(/New memory/)
  await page.getByLabel('Learn from it').uncheck()
  await drive.readPasted('Only read. '.repeat(10))
  expect(await drive.facts()).toMatch(/^110 tokens read, 0 steps of learning/)
  await drive.show('Read more')
  await drive.readPasted('Learned. '.repeat(4), 'Read it, too')
  await drive.noticed('Learned. Learned.')
  expect(await drive.facts()).toMatch(/^146 tokens read, [1-9] steps of learning/)
  await drive.press('Forget')
  await drive.press('Forget it')
  await drive.noticed('was forgotten.')
})

it('can be used with the keyboard alone', async () => {
  await page.reload()
  await page.getByText('Give it something to read').or(page.locator('#memory-name')).waitFor()
  const tabToButton = async (name: string) => {
    for (let presses = 0; presses < 60; presses++) {
      if ((await page.evaluate<string>('document.activeElement.textContent')) === name) return
      await page.keyboard.press('Tab')
    }
    throw new Error(`'${name}' can't be reached with Tab`)
  }
  await tabToButton('+ New memory')
  await page.keyboard.press('Enter')
  await tabTo(page, 'text')
  await page.keyboard.type('By hand.')
  await tabToButton('Read it')
  await page.keyboard.press('Enter')
  await drive.noticed('By hand. was read.')
  await tabTo(page, 'tab-history')
  await page.keyboard.press('ArrowLeft')
  expect(await page.evaluate('document.activeElement.id')).toBe('tab-ask')
  await tabTo(page, 'prompt')
  expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
  await page.keyboard.type('It ')
  await page.keyboard.press('Enter')
  await page.locator('.turn').waitFor()
  await drive.button('Go on').waitFor()
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('ArrowLeft')
  expect(await page.evaluate('document.activeElement.id')).toBe('tab-compare')
  for (const name of ['Forget']) {
    while ((await page.evaluate<string>('document.activeElement.textContent')) !== name)
      await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
  }
  await drive.button('Keep it').waitFor()
  await page.keyboard.press('Escape')
  await drive.button('Keep it').waitFor({ state: 'hidden' })
  expect(await drive.heading()).toBe('By hand.')
})

it('fits a phone, whatever names and answers are like, and has a name for everything', async () => {
  const { id } = await served.memoryCalled('By hand.')
  await app.request(
    'POST',
    `/v1/memories/${id}/fork`,
    { name: 'W'.repeat(200) },
    { authorization: 'Bearer sesame' },
  )
  await page.reload()
  await page.locator('#memory-name', { hasText: 'WWW' }).waitFor()
  for (const tab of ['What it read', 'Read more', 'Compare', 'Ask']) {
    await drive.show(tab)
    for (const width of [400, 320]) {
      await page.setViewportSize({ width, height: 800 })
      if (width === 400) await drive.press(/^Memories/)
      expect([tab, width, await outside(page, width)]).toEqual([tab, width, []])
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
      if (width === 400) await drive.press(/^Memories/)
    }
  }
  await page.locator('#prompt').fill('x'.repeat(500))
  await drive.press('Go on')
  await drive.button('Go on').waitFor()
  expect(await outside(page, 320)).toEqual([])
  await drive.press(/^Memories/)
  const sizes = await page
    .getByRole('button')
    .evaluateAll((all) => all.map((each) => [(each as HTMLElement).offsetHeight, each.textContent] as const))
  expect(sizes.filter(([height]) => height < 44)).toEqual([])
  expect(await page.locator('meta[name=viewport]').getAttribute('content')).toMatch(/width=device-width/)
  expect(await unnamedFields(page)).toEqual([])
})

it('has made no error until here, and asked nobody else', () => {
  expect(problems).toEqual([])
})
