import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { findBrowser, launchBrowser } from '../../../../scripts/browser.mjs'
import { bench } from '../experiment/bench'
import { readOptions } from '../experiment/options'
import type { Results } from '../experiment/results'
import { ownProbes } from '../probes'
import { lossVsContext } from '../probes/loss-vs-context'
import { resultsOf } from '../probes/probe'
import { training } from '../probes/training'
import { questions, type Question } from './answer'
import { answersTo, reportsOf } from './report-probes'
import stored from './toy-losses.json'

const folder = mkdtempSync(join(tmpdir(), 'report-'))

async function runToy(): Promise<Results> {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const given = {
    engine: 'wasm',
    preset: 'tiny',
    systems: 'ttt-e2e,full-attention',
    workers: '1',
    out: 'out',
  }
  expect(await bench(readOptions(given, folder), folder)).toBe(0)
  vi.restoreAllMocks()
  return JSON.parse(readFileSync(join(folder, 'out/results.json'), 'utf8')) as Results
}

let results: Results
beforeAll(async () => {
  results = await runToy()
})

describe('a toy preset', () => {
  it('gives the losses that are stored', () => {
    for (const task of results.tasks) {
      const { loss } = resultsOf(lossVsContext, task)!.summary
      const expected = (stored as Record<string, Record<string, number[]>>)[task.name]
      expect(Object.keys(loss)).toEqual(Object.keys(expected))
      for (const [system, nats] of Object.entries(loss))
        nats.forEach((each, i) =>
          expect([system, each]).toEqual([system, expect.closeTo(expected[system][i], 3)]),
        )
    }
  })

  it('gives the same numbers again, times among them', async () => {
    // How much memory was alive is told of the process that trained it.
    const told = ({ tasks }: Results) =>
      tasks.map((task) => {
        const runs = resultsOf(training, task)!.measured.map((each) => ({
          ...each,
          value: { ...each.value, memory: undefined },
        }))
        return { ...task, probes: { ...task.probes, training: runs } }
      })
    expect(told(await runToy())).toEqual(told(results))
  })
})

describe('its report in a browser', () => {
  const found = findBrowser()
  beforeEach(({ skip }) => {
    if (found === undefined) skip('there is no Chromium; install it, or name one in CHROME')
  })
  let browser: Browser | undefined
  let page: Page
  const errors: string[] = []
  beforeAll(async () => {
    if (found === undefined) return
    browser = await launchBrowser()
    page = await browser.newPage()
    page.on('pageerror', ({ message }) => errors.push(message))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    await page.goto(`file://${join(folder, 'out/report.html')}`)
  })
  afterAll(() => browser?.close())

  it('draws every figure, without an error', async () => {
    const { tasks } = results
    const figures = tasks.flatMap((task) => reportsOf(task, ownProbes).flatMap(({ figures }) => figures))
    // The last question is that of a probe which this preset doesn't ask.
    const answers = (Object.keys(questions) as Question[]).flatMap((question) =>
      answersTo(question, tasks, ownProbes).slice(0, 1),
    )
    expect(await page.locator('.glance > section').count()).toBe(4)
    expect(answers).toHaveLength(3)
    const expected = [...answers.map(({ answer }) => answer.figure), ...figures]
    const drawn = await page.locator('figure .plot svg').evaluateAll((all) =>
      all.map((svg) => {
        const paths = [...svg.querySelectorAll('[aria-label="line"] path')] as SVGPathElement[]
        const { width, height } = svg.getBoundingClientRect()
        return { lines: paths.filter((path) => path.getTotalLength() > 20).length, width, height }
      }),
    )
    // One seed: what stands in the legend is a line.
    expect(drawn.map(({ lines }) => lines)).toEqual(expected.map(({ legend }) => legend.length))
    for (const { width, height } of drawn) expect(Math.min(width, height)).toBeGreaterThan(100)
    expect(await page.content()).not.toMatch(/NaN|undefined|Infinity/)
    expect(errors).toEqual([])
  })

  it('begins with the four questions on the first screen', async () => {
    await page.setViewportSize({ width: 1280, height: 1000 })
    const headings = await page
      .locator('.glance h2')
      .evaluateAll((all) => all.map((each) => each.textContent))
    expect(headings).toEqual([
      'Does loss keep falling with context?',
      'Is latency flat?',
      'What does it cost?',
      'What can it not do?',
    ])
    const tops = await page
      .locator('.glance h2')
      .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().top))
    expect(Math.max(...tops)).toBeLessThan(1000)
  })

  it('has every table as CSV', async () => {
    const link = page.locator('#books-latency a[download]').first()
    expect(await link.getAttribute('download')).toBe('books-latency-1.csv')
    const text = decodeURIComponent((await link.getAttribute('href'))!.split(',').slice(1).join(','))
    expect(text).toMatch(/^system,64,128,256,512\r\nttt-e2e,[\d.]+,/)
    expect(text).toBe(readFileSync(join(folder, 'out/csv/books-latency-1.csv'), 'utf8'))
  })

  it.each([400, 320])('fits %i pixels: what is wider scrolls by itself', async (width) => {
    await page.setViewportSize({ width, height: 800 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    const outside = await page
      .locator('body *')
      .evaluateAll(
        (all, width) =>
          all
            .filter((each) => !each.closest('.plot, .scroll') && each.getBoundingClientRect().right > width)
            .map((each) => each.outerHTML.slice(0, 100)),
        width,
      )
    expect(outside).toEqual([])
  })

  it.each(['light', 'dark'] as const)('can be read in %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    const [text, back] = await page.evaluate(() => {
      const { color, backgroundColor } = getComputedStyle(document.body)
      return [color, backgroundColor].map((each) =>
        each
          .match(/[\d.]+/g)!
          .slice(0, 3)
          .map(Number),
      )
    })
    const luminance = ([r, g, b]: number[]) =>
      [r, g, b]
        .map((each) => (each / 255 <= 0.04045 ? each / 255 / 12.92 : ((each / 255 + 0.055) / 1.055) ** 2.4))
        .reduce((sum, each, i) => sum + each * [0.2126, 0.7152, 0.0722][i], 0)
    const [least, most] = [luminance(text), luminance(back)].sort((a, b) => a - b)
    expect((most + 0.05) / (least + 0.05)).toBeGreaterThan(7)
    expect(luminance(back) < 0.5).toBe(colorScheme === 'dark')
  })

  it('prints on white, tables and figures whole', async () => {
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
      'rgb(255, 255, 255)',
    )
    expect(await page.locator('.csv').first().isVisible()).toBe(false)
    const overflow = await page
      .locator('.scroll')
      .evaluateAll((all) => all.map((each) => getComputedStyle(each).overflowX))
    expect(new Set(overflow)).toEqual(new Set(['visible']))
  })
})
