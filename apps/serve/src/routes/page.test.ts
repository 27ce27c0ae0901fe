import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { listeningApp, tinyModel, until } from '../testing'
import { findBrowser, openPage } from './headless-page'

const browser = findBrowser()
beforeEach(({ skip }) => {
  if (browser === undefined) skip('there is no browser; set CHROME to one')
})

let app: Awaited<ReturnType<typeof listeningApp>>
let page: Awaited<ReturnType<typeof openPage>>
beforeAll(async () => {
  app = await listeningApp(await tinyModel(), { apiKey: 'sesame' })
  if (browser !== undefined) page = await openPage(browser, app.url)
})
afterAll(async () => {
  await page?.close()
  app.close()
})

/** What the script finds in the page: short ways to see and to press. */
const helpers = `
  const $ = (id) => document.getElementById(id)
  const rows = () => [...document.querySelectorAll('#memories tr')]
  const until = async (isSo) => {
    for (let tries = 0; !isSo(); tries++) {
      if (tries > 2000) throw new Error('it never came to be so: ' + isSo + '; ' + document.body?.innerText)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const button = (row, text) => [...row.querySelectorAll('button')].find((each) => each.textContent === text)
  const drop = (...content) => {
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File(content, 'whale.txt'))
    $('text').dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }))
  }
`
const inPage = (script: string) => page.evaluate(`(async () => { ${helpers} ${script} })()`)

it('asks for the key, and reads a text into a memory and more into it', async () => {
  const found = await inPage(`
    await until(() => $('status').textContent)
    const refused = $('status').textContent
    $('key').value = 'sesame'
    $('key').onchange()
    $('text').value = 'The sea keeps what it takes. '.repeat(4)
    $('read').click()
    await until(() => rows().length === 1 && $('progress').hidden)
    $('text').value = 'And more.'
    $('more').click()
    await until(() => rows()[0].innerText.includes('125 tokens'))
    return { refused, row: rows()[0].innerText, status: $('status').textContent }
  `)
  expect(found).toMatchObject({
    refused: expect.stringMatching(/^an API key is needed/),
    row: expect.stringMatching(
      /^\s*The sea keeps what it takes\. The sea kee\s+125 tokens, 15 steps, \d+ KB/,
    ),
    status: '125 tokens read, 15 steps of learning',
  })
})

it('forks the memory, goes on from it until it is stopped, and forgets it', async () => {
  const found = await inPage(`
    button(rows()[0], 'Fork').click()
    await until(() => rows().length === 2)
    const chosen = rows().map((row) => row.querySelector('input').checked)
    $('prompt').value = 'It '
    $('ask').click()
    await until(() => !$('stop').disabled)
    $('stop').click()
    await until(() => $('stop').disabled)
    button(rows()[1], 'Forget').click()
    await until(() => rows().length === 1)
    return { chosen, status: $('status').textContent }
  `)
  expect(found).toEqual({ chosen: [false, true], status: '' })
  await until(async () => (await app.value('requests_running')) === 0)
  expect(await app.value('tokens_generated_total')).toBeLessThan(400)
  expect(app.service.memories.list()).toHaveLength(1)
})

it('reads a file that is dropped on it, and refuses one that is no text', async () => {
  const found = await inPage(`
    drop('naïve — 鯨')
    const dropped = $('status').textContent
    $('read').click()
    await until(() => rows().length === 2)
    const row = rows()[1].innerText
    drop(new Uint8Array([65, 0xff]))
    $('read').click()
    await until(() => $('status').className === 'error')
    return { dropped, row, refused: $('status').textContent }
  `)
  expect(found).toMatchObject({
    dropped: 'whale.txt, 14 bytes',
    row: expect.stringMatching(/^\s*whale\.txt\s+14 tokens, 1 steps/),
    refused: 'whale.txt is not text in UTF-8.',
  })
})

it('fits a phone, whatever names and answers are like', async () => {
  const { id } = app.service.memories.list()[0]
  const headers = { authorization: 'Bearer sesame' }
  await app.request('POST', `/v1/memories/${id}/fork`, { name: 'W'.repeat(200) }, headers)
  const found = await inPage(`
    $('key').onchange()
    await until(() => document.body.innerText.includes('WWWW'))
    $('prompt').value = 'x'.repeat(200)
    $('answer').textContent = 'x'.repeat(500)
    const all = {}
    for (const width of [400, 320]) {
      document.documentElement.style.width = width + 'px'
      all[width] = [...document.body.querySelectorAll('*')]
        .filter((each) => each.getClientRects().length > 0)
        .filter((each) => each.getBoundingClientRect().right > width || each.getBoundingClientRect().left < 0)
        .map((each) => each.outerHTML.slice(0, 100))
    }
    document.documentElement.style.width = ''
    const small = [...document.querySelectorAll('button')].filter((each) => each.offsetHeight < 44)
    return { all, small: small.map((each) => each.outerHTML), viewport: document.querySelector('meta[name=viewport]').content }
  `)
  expect(found).toEqual({
    all: { 400: [], 320: [] },
    small: [],
    viewport: expect.stringContaining('width=device-width'),
  })
})

it('has a button for files, and a label for everything', async () => {
  const found = await inPage(`
    const files = new DataTransfer()
    files.items.add(new File(['It is.'], 'is.txt'))
    $('file').files = files.files
    $('file').onchange()
    const said = $('status').textContent
    const before = rows().length
    $('read').click()
    await until(() => rows().length === before + 1)
    const controls = [...document.querySelectorAll('input, textarea, button, progress')]
    const named = (each) => each.labels?.length > 0 || each.ariaLabel || each.textContent.trim()
    return {
      said,
      row: rows().at(-1).innerText,
      type: $('file').type,
      left: $('file').files.length,
      unnamed: controls.filter((each) => !named(each)).map((each) => each.outerHTML),
    }
  `)
  expect(found).toMatchObject({
    said: 'is.txt, 6 bytes',
    row: expect.stringMatching(/^\s*is\.txt\s+6 tokens/),
    type: 'file',
    left: 0,
    unnamed: [],
  })
})

it('says what is wrong beside what it is of', async () => {
  const found = await inPage(`
    const told = async (act) => {
      $('status').textContent = ''
      act()
      await until(() => $('status').textContent)
      const about = $('status').previousElementSibling
      return [about.id, $('status').textContent, about.getAttribute('aria-describedby'), about.ariaInvalid]
    }
    const all = []
    $('text').value = ''
    all.push(await told(() => $('read').click()))
    $('prompt').value = ''
    const chosen = rows()[0].querySelector('input')
    all.push(await told(() => drop(new Uint8Array([65, 0xff])) ?? $('read').click()))
    await until(() => $('status').className === 'error')
    all.push([$('status').previousElementSibling.id, $('status').textContent])
    $('key').value = 'wrong'
    all.push(await told(() => $('key').onchange()))
    $('key').value = 'sesame'
    return all
  `)
  expect(found).toMatchObject([
    ['text', 'There is nothing to read.', 'status', 'true'],
    ['file', 'whale.txt, 2 bytes', 'status', null],
    ['file', 'whale.txt is not text in UTF-8.'],
    ['key', expect.stringMatching(/^an API key is needed/), 'status', 'true'],
  ])
})
