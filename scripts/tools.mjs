// What the scripts work with: a cache of tools that are installed when first needed, Node for any platform, and the bundler.
import { execFileSync } from 'node:child_process'
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

const nodeVersion = '20.20.2'

/** @returns the path of a platform's Node, taken from npm into the cache where it isn't there yet */
export function installNode(from, program) {
  const folder = installOnce(from, nodeVersion, (target) => {
    // Forced, as it says that it may be for other machines.
    const options = ['--prefix', target, '--force', '--loglevel', 'error', '--no-audit', '--no-fund']
    execFileSync('npm', ['install', ...options, `${from}@${nodeVersion}`], { stdio: 'inherit' })
  })
  return join(folder, 'node_modules', from, program)
}

/** esbuild's `build`; it comes with tsup. */
export const bundler = () => createRequire(createRequire(import.meta.url).resolve('tsup'))('esbuild').build
