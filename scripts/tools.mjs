// What the scripts work with: a cache of tools that are installed when first needed, and the bundler.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The folder of whatever the scripts keep between runs. */
export const cache =
  process.env.TTT_E2E_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ttt-e2e')

/** Installs a tool into the cache where it isn't there yet, all of it or nothing. @returns its folder */
export function installOnce(name, version, install) {
  const folder = join(cache, 'toolchains', `${name}-${version}`)
  if (!existsSync(folder)) {
    mkdirSync(join(cache, 'toolchains'), { recursive: true })
    const partial = mkdtempSync(`${folder}-`)
    try {
      install(partial)
      renameSync(partial, folder)
    } finally {
      rmSync(partial, { recursive: true, force: true })
    }
  }
  return folder
}

/** esbuild's `build`; it comes with tsup. */
export const bundler = () => createRequire(createRequire(import.meta.url).resolve('tsup'))('esbuild').build
