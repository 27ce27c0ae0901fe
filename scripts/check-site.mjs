// Opens every page of the built site of docs/ in headless Chromium, at a phone's width and at a desk's: no error, nothing
// off-screen, no request to another host; and searches in it. Prints one line and exits 1 if anything was found.
import { serve } from 'vitepress'
import { fileURLToPath } from 'node:url'
import { launchBrowser } from './browser.mjs'

const docs = fileURLToPath(new URL('../docs', import.meta.url))
const { server } = await serve({ root: docs, port: 0 })
const address = `http://localhost:${server.address().port}`
const browser = await launchBrowser()
const found = []

const page = await browser.newPage()
let open = ''
page.on('pageerror', (error) => found.push(`${open}: ${error.message}`))
page.on('console', (message) => message.type() === 'error' && found.push(`${open}: ${message.text()}`))
page.on('request', (request) => {
  const url = request.url()
  if (!url.startsWith(address) && !/^(data|blob):/.test(url)) found.push(`${open}: asks for ${url}`)
})
page.on('response', (response) => {
  if (response.status() >= 400) found.push(`${open}: ${response.url()} is ${response.status()}`)
})

/** @throws nothing: what is wrong is in `found` */
async function visit(path) {
  open = path
  await page.goto(address + path, { waitUntil: 'load' })
  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  if (wide > 0) found.push(`${path}: ${wide} pixels off-screen`)
}

await page.setViewportSize({ width: 1280, height: 800 })
await visit('/guides/researchers.html')
const links = await page.$$eval('.VPSidebar a, .VPNavBar a', (all) => all.map((a) => a.getAttribute('href')))
const paths = [...new Set(['/', ...links.filter((href) => href.startsWith('/'))])]
for (const width of [1280, 400]) {
  await page.setViewportSize({ width, height: 800 })
  // The reference has a layout of its own.
  for (const path of paths) if (width === 1280 || !path.startsWith('/api/')) await visit(path)
}

await page.setViewportSize({ width: 1280, height: 800 })
await visit('/')
await page.waitForLoadState('networkidle')
await page.click('#local-search button')
await page.fill('.VPLocalSearchBox input', 'sliding window')
await page.waitForSelector('.VPLocalSearchBox .result', { timeout: 60_000 })

await browser.close()
await new Promise((resolve) => server.close(resolve))
for (const line of found) console.log(line)
console.log(`site: ${paths.length} pages opened, ${found.length} faults`)
process.exit(found.length === 0 ? 0 : 1)
