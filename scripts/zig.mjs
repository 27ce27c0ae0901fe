// The pinned C++ compiler of the scripts: clang as it comes with zig in the Python package ziglang. Needs Python with pip.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const version = '0.17.1'
/** The folder of whatever the scripts keep between runs. */
export const cache =
  process.env.TTT_E2E_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ttt-e2e')

/** Installs it into the cache where it isn't there yet. @returns its version, command and environment */
export function installZig() {
  const folder = join(cache, 'toolchains', `ziglang-${version}`)
  if (!existsSync(folder)) {
    mkdirSync(join(cache, 'toolchains'), { recursive: true })
    const partial = mkdtempSync(`${folder}-`)
    const options = ['--quiet', '--no-deps', '--only-binary', ':all:', '--target', partial]
    const python = process.env.PYTHON ?? 'python3'
    execFileSync(python, ['-m', 'pip', 'install', ...options, `ziglang==${version}`], { stdio: 'inherit' })
    renameSync(partial, folder)
  }
  const caches = { ZIG_LOCAL_CACHE_DIR: join(cache, 'zig'), ZIG_GLOBAL_CACHE_DIR: join(cache, 'zig') }
  return { version, command: join(folder, 'ziglang/zig'), environment: { ...process.env, ...caches } }
}
