import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type { Build } from './first-use'
import { findAddonFile, lineOf, tellRefused, userId } from './addon-file'
import { keyOf, type Sources } from '../compiled/sources'
import { baseFlags, instructionSetFlags, type Compiler } from './toolchain'

export type Target = Pick<Compiler, 'platform' | 'arch'>

/** The platforms that have a package, `@ttt-e2e/native-<platform>`, with an addon built by scripts/build-native.mjs. */
export const prebuiltPlatforms = [
  'linux-x64',
  'linux-arm64',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64',
  'win32-arm64',
] as const

/** What the name of the addon's file in its package begins with: sources never meet another's addon. See addon-file.ts. */
export function prebuiltKey(sources: Sources, { platform, arch }: Target): string {
  const flags = [baseFlags, instructionSetFlags({ arch, version: 'clang' })]
  return keyOf(sources, [platform, arch, flags])
}

/**
 * The path of the installed addon that was built from these sources, or why there is none.
 * @param resolve finds a file of a package
 */
export function findPrebuilt(
  sources: Sources,
  target: Target = { platform: process.platform, arch: process.arch },
  resolve: (request: string) => string = createRequire(import.meta.url).resolve,
): Build {
  if (process.env.TTT_E2E_PREBUILT === '0')
    return { reason: 'TTT_E2E_PREBUILT=0 passes over the prebuilt one' }
  const platform = `${target.platform}-${target.arch}`
  if (!(prebuiltPlatforms as readonly string[]).includes(platform))
    return { reason: `none is prebuilt for ${platform}` }
  const name = `@ttt-e2e/native-${platform}`
  let manifest: string
  try {
    manifest = resolve(`${name}/package.json`)
  } catch {
    return { reason: `${name} is not installed` }
  }
  // Whoever installed the package could have put anything into its JavaScript too.
  const owners = [userId(), statSync(manifest).uid]
  const { path, refused } = findAddonFile(dirname(manifest), prebuiltKey(sources, target), owners)
  if (path) return { path }
  tellRefused(refused)
  if (refused.length > 0) return { reason: refused.map(lineOf).join('; ') }
  return { reason: `${name} holds none that was built from these sources` }
}
