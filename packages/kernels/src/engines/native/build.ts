import { LockTaken, makeFolder, takeLock } from '@ttt-e2e/tensor-ops/files'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { keyOf, type Sources } from '../compiled/sources'
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
  const target = join(folder, `${keyOf(sources, [compiler, flagsOf(compiler)])}.node`)
  if (existsSync(target)) return { path: target }
  try {
    makeFolder(folder)
    let unlock = takeTurn(`${target}.lock`)
    while (!unlock) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      if (existsSync(target)) return { path: target }
      unlock = takeTurn(`${target}.lock`)
    }
    try {
      if (!existsSync(target)) await compileInto(target, folder, sources, compiler)
    } finally {
      unlock()
    }
    return { path: target }
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

async function compileInto(
  target: string,
  folder: string,
  sources: Sources,
  compiler: Compiler,
): Promise<void> {
  const work = mkdtempSync(join(folder, 'build-'))
  process.stderr.write(`compiling the native engine into ${folder} …, once\n`)
  try {
    renameSync(await compile(sources, compiler, work), target)
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
