import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { coreCount } from '../compiled/core-count'
import { kernelTable } from '../compiled/kernel-table'
import { keyOf, type Sources } from '../compiled/sources'
import { addonFileName, findAddonFile, tellRefused, userId } from './addon-file'
import {
  baseFlags,
  findCompiler,
  instructionSetFlags,
  linkFlags,
  runCommand,
  type Compiler,
} from './toolchain'

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
    mkdirSync(folder, { recursive: true })
    const user = userId()
    if (user !== undefined && statSync(folder).uid !== user)
      return { reason: `${folder} belongs to another user; TTT_E2E_CACHE can name a folder of your own` }
    const found = find()
    if (found.path) return { path: found.path }
    tellRefused(found.refused)
    const lock = join(folder, `${key}.lock`)
    while (!takeLock(lock)) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      const { path } = find()
      if (path) return { path }
    }
    try {
      const path = find().path ?? (await compileInto(folder, key, sources, compiler))
      for (const each of find().refused) rmSync(each.path, { force: true })
      return { path }
    } finally {
      rmSync(lock, { recursive: true, force: true })
    }
  } catch (error) {
    return { reason: `it could not be compiled (${firstLineOf(error)})` }
  }
}

/** One process builds while others wait; a lock whose owner is gone, or as old as this, was left behind. */
const staleLockMilliseconds = 600_000

function takeLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)
    if (age > staleLockMilliseconds || isGone(path)) rmSync(path, { recursive: true, force: true })
    return false
  }
}

function isGone(lock: string): boolean {
  try {
    const owner = Number(readFileSync(lock, 'utf8'))
    // Just made, its owner isn't written yet.
    if (owner === 0) return false
    process.kill(owner, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
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

/**
 * Compiles the addon into the folder, on all cores.
 * @param libraries more for the linker @returns the addon's path
 */
export async function compile(
  sources: Sources,
  compiler: Compiler,
  folder: string,
  libraries: string[] = [],
): Promise<string> {
  const run = (...options: string[]) => runCommand(compiler.command, [...compiler.options, ...options])
  // Quoted includes only: to libc++, a math.h in an ordinary include folder would be the C library's.
  const quoted = sources.includeFolders.flatMap((path) => ['-iquote', path])
  const includes = ['-I', nodeHeaders(), ...quoted]
  const table = join(folder, 'table.cc')
  writeFileSync(table, kernelTable(sources.kernels))
  const jobs = sources.core.map((source) => ({ source, prefix: 'core', flags: [] as string[] }))
  for (const [prefix, flags] of Object.entries(instructionSetFlags(compiler)))
    for (const source of [...sources.kernels, table]) jobs.push({ source, prefix, flags })
  // The slowest source first, so that no core waits for it at the end.
  const isSlow = (source: string) => Number(source.endsWith('gemm.cc'))
  jobs.sort((a, b) => isSlow(b.source) - isSlow(a.source))
  const objects: string[] = []
  const waiting = jobs.map(({ source, prefix, flags }) => {
    const object = join(folder, `${prefix}-${basename(dirname(source))}-${basename(source)}.o`)
    objects.push(object)
    return () => run(...baseFlags, ...flags, ...includes, '-c', source, '-o', object)
  })
  const worker = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) await job()
  }
  await Promise.all(Array.from({ length: coreCount() }, worker))
  const addon = join(folder, 'addon.node')
  await run(...linkFlags(compiler), ...objects, ...libraries, '-o', addon)
  return addon
}

function nodeHeaders(): string {
  const { include_dir } = createRequire(import.meta.url)('node-api-headers') as { include_dir: string }
  return include_dir
}

function firstLineOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string }
  const lines = (stderr || message || String(error)).split('\n')
  return (lines.find((line) => line.includes('error')) ?? lines[0]).trim()
}
