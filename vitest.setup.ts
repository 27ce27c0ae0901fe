import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const engines = './packages/kernels/src/engines'

/**
 * Compiles the native engine where there is a compiler, so that no test's time limit has to cover it, and has all
 * temporary folders made in one, so that no test has to remove its own.
 *
 * @returns what removes that folder
 */
export default async function setup(): Promise<() => Promise<void>> {
  // In a process of its own: here packages are found as they are published.
  const build = `
    const { findSources } = await import('${engines}/compiled/sources.ts')
    const { buildAddon } = await import('${engines}/native/build.ts')
    await buildAddon(findSources('native'))`
  const options = ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', build]
  execFileSync(process.execPath, options, { cwd: import.meta.dirname, stdio: 'inherit' })
  const folder = mkdtempSync(join(tmpdir(), 'tests-'))
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder
  // A browser's processes may still write for a moment.
  return () => rm(folder, { recursive: true, force: true, maxRetries: 5 })
}
