import { loadModel } from '@ttt-e2e/checkpoint'
import { modelFolder } from '@ttt-e2e/demo-model'
import '@ttt-e2e/kernels/engines'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findBrowser } from '../../../../scripts/browser.mjs'
import { MetaTraining } from './meta-train/meta-training'
import { settingsOf } from './meta-train/settings'
import { ReadingSession } from './read/reading-session'
import { binMeans } from './shared/bin-means'
import {
  contrastOf,
  numbersOf,
  openPage,
  openSite,
  outside,
  said,
  tabTo,
  unnamedFields,
  type Site,
} from './testing'

const found = findBrowser()
let site: Site
beforeAll(async () => {
  if (found !== undefined) site = await openSite()
})
beforeEach(({ skip }) => {
  if (found === undefined) skip('there is no Chromium; install it, or name one in CHROME')
})
afterAll(async () => {
  await site?.close()
  await resolveEngine('cpu')
})

const text = 'The sea keeps what it takes. '.repeat(5)
const tiny = '?symbols=4&window=2&length=32&batch=1&width=16&steps=50'
/** The adapter here computes on the processor: the less, the better. */
const tokensOn = { wasm: text.length, webgpu: 70 }
const engines = ['wasm', 'webgpu'] as const

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

/** Loads Read until its model is ready. */
async function openRead(path = '', options = {}) {
  const opened = await openPage(site, `/read/${path}`, options)
  await said(opened.page, /The model is ready/)
  return opened
}

async function readText(page: Page, what: string): Promise<void> {
  await page.locator('#text').fill(what)
  await press(page, 'Read it')
  await said(page, new RegExp(`^${what.length} bytes read`))
  await page.waitForFunction('document.querySelector("#numbers td")')
}

describe.each(engines)('read on %s', (engine) => {
  it("has the losses of Node's wasm, with learning and without", async () => {
    const { page, problems } = await openRead(`?engine=${engine}`)
    expect(await page.locator('#engine-line').textContent()).toMatch(new RegExp(`^engine: ${engine} `))
    const part = text.slice(0, tokensOn[engine])
    await readText(page, part)
    const actual = await numbersOf(page)

    const model = await loadModel(modelFolder, { engine: 'wasm' })
    const session = new ReadingSession(model)
    session.take(part)
    const nats = { on: [] as number[], off: [] as number[] }
    for (let piece = await session.readPiece(); piece; piece = await session.readPiece()) {
      nats.on.push(...piece.nats.on)
      nats.off.push(...piece.nats.off)
    }
    const [on, off] = [binMeans(nats.on, 48, 64), binMeans(nats.off, 48, 64)]
    expect(Math.abs(on.at(-1)!.mean - off.at(-1)!.mean)).toBeGreaterThan(0.01)
    expect(actual.map(([end]) => end)).toEqual(on.map(({ end }) => end))
    actual.forEach(([, withLearning, without], i) => {
      expect(Math.abs(withLearning - on[i].mean)).toBeLessThan(1e-3)
      expect(Math.abs(without - off[i].mean)).toBeLessThan(1e-3)
    })
    expect(problems).toEqual([])
    await page.close()
  })
})

describe.each(engines)('meta-train on %s', (engine) => {
  it("has the losses and limits of Node's wasm, step by step", async () => {
    const { page, problems } = await openPage(site, `/meta-train/${tiny}&engine=${engine}`)
    await said(page, /Ready for 50 steps/)
    await page.locator('summary').click()
    for (let step = 1; step <= 3; step++) {
      await press(page, 'One step')
      await said(page, new RegExp(`Step ${step} of 50`))
    }
    await page.locator('#numbers tbody tr').nth(2).waitFor()
    const actual = await numbersOf(page)

    await resolveEngine('wasm')
    const training = new MetaTraining(settingsOf(tiny))
    for (const [number, ...losses] of actual) {
      const { step, learning, window, windowLimit, memoryLimit } = (await training.step())!
      expect(number).toBe(step)
      ;[learning, window, windowLimit, memoryLimit].forEach((loss, i) =>
        expect(Math.abs(losses[i] - loss)).toBeLessThan(1e-3),
      )
    }
    await training.dispose()
    expect(problems).toEqual([])
    await page.close()
  })
})

it('read: answers with what was learned and without, and saves, forgets and loads its memory', async () => {
  const { page, problems } = await openRead('?engine=wasm&seed=1')
  await readText(page, text)
  const facts = page.locator('#memory')
  expect(await facts.textContent()).toMatch(/has read 145 bytes, learned in 4 steps/)
  const answers: string[] = []
  for (const switched of [true, false]) {
    await page.getByRole('switch', { name: 'Learning' }).setChecked(switched)
    await press(page, 'Go on')
    await said(page, /Answered/)
    answers.push((await page.locator('#answer').textContent())!)
  }
  expect(answers[0].length).toBeGreaterThan(100)
  expect(answers[1]).not.toBe(answers[0])
  expect(await facts.textContent()).toMatch(/has read 145 bytes, not learning/)

  await page.getByRole('switch', { name: 'Learning' }).check()
  const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Save the memory')])
  const bytes = readFileSync(await download.path())
  await said(page, /saved as memory.safetensors/)
  await press(page, 'Forget everything')
  await said(page, /forgotten/)
  await page.getByText('It has read nothing yet.').waitFor()

  const file = { name: 'memory.safetensors', mimeType: 'application/octet-stream', buffer: bytes }
  await page.getByLabel('Load a memory').setInputFiles({ ...file, buffer: bytes.subarray(0, 100) })
  await page.locator('#status.error').waitFor()
  await page.getByLabel('Load a memory').setInputFiles(file)
  await said(page, /memory.safetensors was loaded/)
  expect(await facts.textContent()).toMatch(/has read 145 bytes, learned in 4 steps/)
  await press(page, 'Go on')
  await said(page, /Answered/)
  expect(await page.locator('#answer').textContent()).toBe(answers[0])
  expect(problems).toEqual([])
  await page.close()
})

it('read: makes its engine anew where it was lost', async () => {
  const { page } = await openRead('?engine=webgpu')
  const [worker] = page.workers()
  // As where a device is lost: nothing comes back from it.
  await worker.evaluate("GPUBuffer.prototype.mapAsync = () => Promise.reject(new Error('it is gone'))")
  await page.locator('#text').fill(text.slice(0, 8))
  await press(page, 'Read it')
  await said(page, /it is gone — the engine was made anew/)
  await readText(page, text.slice(0, 8))
  expect(page.workers()[0]).not.toBe(worker)
  await page.close()
})

it('read: goes on where it was paused', async () => {
  const { page } = await openRead('?engine=wasm')
  await page.locator('#text').fill(text.repeat(20))
  // From inside the page, which would else have read all before it is told; the next piece is on its way then.
  await page.evaluate(() => {
    const button = (id: string) => document.getElementById(id) as HTMLButtonElement
    const progress = document.getElementById('progress') as HTMLProgressElement
    const observer = new MutationObserver(() => {
      if (progress.value === 0) return
      observer.disconnect()
      button('pause').click()
    })
    observer.observe(progress, { attributes: true })
    button('read').click()
  })
  await said(page, /^Paused after 256 of 2900 bytes/)
  await press(page, 'Go on reading')
  await said(page, /^2900 bytes read/)
  expect(await page.locator('#memory').textContent()).toMatch(/has read 2900 bytes/)
  await page.close()
})

it('read: takes a file that is dropped on it, and refuses one that is no text', async () => {
  const { page } = await openRead('?engine=wasm')
  const drop = (content: number[]) =>
    page.locator('#text').evaluate((field, content) => {
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File([new Uint8Array(content)], 'whale.txt'))
      field.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }))
    }, content)
  await drop([...new TextEncoder().encode('naïve')])
  await said(page, /whale.txt: 6 bytes/)
  expect(await page.locator('#text').inputValue()).toBe('naïve')
  await drop([0xff])
  await said(page, /whale.txt is not text in UTF-8/)
  await page.locator('#text').fill('')
  await press(page, 'Read it')
  await said(page, /nothing to read/)
  await press(page, 'Go on')
  await said(page, /nothing was read yet/)
  await page.close()
})

it('meta-train: with the keyboard alone it runs, pauses, begins anew, and says when no window can follow', async () => {
  const { page, problems } = await openPage(
    site,
    '/meta-train/?symbols=4&window=2&length=128&batch=2&width=16&steps=200&engine=wasm',
  )
  await said(page, /Ready for 200 steps/)
  await tabTo(page, 'run')
  await page.keyboard.press('Enter')
  await page
    .locator('#found')
    .filter({ hasText: /^At step \d+, after \d+ seconds, TTT-E2E fell below what any window can reach/ })
    .waitFor()
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Go on' }).waitFor()
  // A slider may be moved while it runs.
  await page.keyboard.press('Enter')
  await tabTo(page, 'layers')
  await page.keyboard.press('ArrowRight')
  await said(page, /Ready for 200 steps/)
  expect(await page.locator('#about').textContent()).toMatch(/3 layers of windows see the last 4 tokens/)
  expect(await page.locator('#found').textContent()).toBe('')
  expect(problems).toEqual([])
  await page.close()
})

it('auto takes wasm where the adapter computes on the processor, and says so; there it has threads', async () => {
  const { page, problems } = await openRead()
  expect(await page.locator('#engine-line').textContent()).toMatch(
    /^engine: wasm \(.*\) — refused webgpu: .* computes on the processor$/,
  )
  expect(await page.evaluate('crossOriginIsolated')).toBe(true)
  for (const id of ['engine', 'text', 'file', 'read', 'learning', 'prompt', 'ask', 'save', 'load'])
    await tabTo(page, id)
  expect(problems).toEqual([])
  await page.close()
})

it.each(['/read/?engine=wasm', `/meta-train/${tiny}&engine=wasm`])(
  '%s fits a phone, and can be read light and dark',
  async (path) => {
    const papers: string[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await openPage(site, path, { colorScheme, viewport: { width: 400, height: 800 } })
      await said(page, /ready/i)
      await page.locator('#chart svg').waitFor()
      await page.locator('summary').click()
      if (path.startsWith('/read')) await readText(page, text)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400)
      expect(await outside(page, 400)).toEqual([])
      for (const selector of ['h1', '#engine-line', 'button.primary', 'nav a[href^=".."]'])
        expect(await contrastOf(page, selector), selector).toBeGreaterThan(4.5)
      papers.push(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'))
      expect(await unnamedFields(page)).toEqual([])
      await page.close()
    }
    expect(papers[0]).not.toBe(papers[1])
  },
)
