// The pinned C++ compiler of the scripts: clang as it comes with zig in the Python package ziglang. Needs Python with pip.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { cache, installOnce } from './tools.mjs'

const version = '0.17.1'

/** Installs it into the cache where it isn't there yet. @returns its version, command and environment */
export function installZig() {
  const folder = installOnce('ziglang', version, (target) => {
    const options = ['--quiet', '--no-deps', '--only-binary', ':all:', '--target', target]
    const python = process.env.PYTHON ?? 'python3'
    execFileSync(python, ['-m', 'pip', 'install', ...options, `ziglang==${version}`], { stdio: 'inherit' })
  })
  const caches = { ZIG_LOCAL_CACHE_DIR: join(cache, 'zig'), ZIG_GLOBAL_CACHE_DIR: join(cache, 'zig') }
  return { version, command: join(folder, 'ziglang/zig'), environment: { ...process.env, ...caches } }
}
