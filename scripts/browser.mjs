// The system's Chromium, without a window, for tests of pages. Nothing is downloaded.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome']
const missing =
  'there is no Chromium on this machine; install it (apt-get install chromium) or name one in CHROME'

export function findBrowser() {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  const found = [process.env.CHROME, ...candidates].find((path) => path && canRun(path))
  if (!found && process.env.CI) throw new Error(`${missing}: nothing is skipped in CI`)
  return found
}

/** What gives pages a WebGPU adapter that computes on the processor. */
const softwareGpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']

export async function launchBrowser({ webGpu = false } = {}) {
  const executablePath = findBrowser()
  if (!executablePath) throw new Error(missing)
  // It calls nobody but the page's own server.
  const calm = ['quic', 'background-networking', 'component-update', 'sync'].map(
    (what) => `--disable-${what}`,
  )
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', ...calm, ...(webGpu ? softwareGpu : [])],
  })
}

function canRun(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
