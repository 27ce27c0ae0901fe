import { existsSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildAddon } from './packages/kernels/src/engines/native/build'
import { findSources } from './packages/kernels/src/engines/compiled/sources'

/** Where Chromium's packages have the Vulkan driver that computes on the processor. */
const softwareDrivers = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'].map(
  (folder) => `${folder}/vk_swiftshader_icd.json`,
)

/**
 * Compiles the native engine where there is a compiler, so that no test's time limit has to cover it, and has all
 * temporary folders made in one, so that no test has to remove its own. The engine webgpu gets an adapter of software,
 * unless a driver is named.
 *
 * @returns what removes that folder
 */
export default async function setup(): Promise<() => Promise<void>> {
  await buildAddon(findSources('native'))
  const folder = mkdtempSync(join(tmpdir(), 'tests-'))
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder
  const driver = softwareDrivers.find(existsSync)
  if (driver && !process.env.VK_ICD_FILENAMES) process.env.VK_DRIVER_FILES ??= driver
  // A browser's processes may still write for a moment.
  return () => rm(folder, { recursive: true, force: true, maxRetries: 5 })
}
