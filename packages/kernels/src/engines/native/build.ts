import { makeFolder, LockTaken, takeLock } from '@ttt-e2e/tensor-ops/files'
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { keyOf, type Sources } from '../compiled/sources'
import { addonFileName, findAddonFile, tellRefused, userId } from './addon-file'
import { compile } from './compile'
import { baseFlags, findCompiler, instructionSetFlags, linkFlags, type Compiler } from './toolchain'

export type Build = { path: string } | { reason: string }

/**
 * The addon's path, compiled into the cache folder by the system's compiler where it isn't there yet; or the reason
 * why it can't be had. A file comes into place whole, so that processes that build at once can't disturb each other.
 */
export async function buildAddon(sources: Sources): Promise<Build> {
  if (process.platform === 'win32')
    return { reason: 'it is compiled on first use, which Windows is not set up for' }
  const compiler = await findCompiler()
  if ('tried' in compiler)
    return { reason: `no C++ compiler found (tried ${compiler.tried.join(', ')}); install g++ or clang` }
  const folder = join(cacheFolder(), 'native')
  const key = keyOf(sources, [compiler, flagsOf(compiler)])
  const find = () => findAddonFile(folder, key, [userId()])
  try {
    makeFolder(folder)
    const user = userId()
    if (user !== undefined && statSync(folder).uid !== user)
      return { reason: `${folder} belongs to another user; TTT_E2E_CACHE can name a folder of your own` }
    const found = find()
    if (found.path) return { path: found.path }
    tellRefused(found.refused)
    const lock = join(folder, `${key}.lock`)
    let unlock = takeTurn(lock)
    while (!unlock) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      const { path } = find()
      if (path) return { path }
      unlock = takeTurn(lock)
    }
    try {
      const path = find().path ?? (await compileInto(folder, key, sources, compiler))
      for (const each of find().refused) rmSync(each.path, { force: true })
      return { path }
    } finally {
      unlock()
    }
  } catch (error) {
    return { reason: `it could not be compiled (${firstLineOf(error)})` }
  }
}

/** One process builds while others wait, of other machines too; nobody takes as long as this. */
const longestMilliseconds = 600_000

/** @returns undefined while another process builds */
function takeTurn(path: string): (() => void) | undefined {
  try {
    return takeLock(path, longestMilliseconds)
  } catch (error) {
    if (error instanceof LockTaken) return undefined
    throw error
  }
}

/** @returns the addon's path */
async function compileInto(
  folder: string,
  key: string,
  sources: Sources,
  compiler: Compiler,
): Promise<string> {
  const work = mkdtempSync(join(folder, 'build-'))
  process.stderr.write(`compiling the native engine into ${folder} …, once\n`)
  try {
    const built = await compile(sources, compiler, work)
    const path = join(folder, addonFileName(key, readFileSync(built)))
    chmodSync(built, 0o755)
    renameSync(built, path)
    return path
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function cacheFolder(): string {
  if (process.env.TTT_E2E_CACHE) return process.env.TTT_E2E_CACHE
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ttt-e2e')
}

function flagsOf(compiler: Compiler) {
  return [baseFlags, instructionSetFlags(compiler), linkFlags(compiler)]
}

function firstLineOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string }
  const lines = (stderr || message || String(error)).split('\n')
  return (lines.find((line) => line.includes('error')) ?? lines[0]).trim()
}
