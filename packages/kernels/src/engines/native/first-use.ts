import { makeFolder, LockTaken, removedAtExit, renamePatiently, takeLock } from '@ttt-e2e/tensor-ops/files'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../cache-folder'
import { addonFileName, findAddonFile, tellRefused, userId } from './addon-file'

export type Build = { path: string } | { reason: string }

/** An addon that is compiled by the machine that uses it. */
export interface AddonOnFirstUse {
  /** Of its folder in the cache. */
  name: string
  /** What it is, in a sentence: `native engine`. */
  title: string
  /** Names what its sources become when they are built here: another one for every other source, compiler or flag. */
  key: string
  /** Compiles it into a folder of its own. @returns the path of what was made */
  compile(folder: string): Promise<string>
}

/**
 * The addon's path in the cache folder, where it is compiled into unless it is there; or the reason why it can't be had.
 * A file comes into place whole, so that processes that build at once can't disturb each other.
 */
export async function builtOnFirstUse(addon: AddonOnFirstUse): Promise<Build> {
  const folder = join(cacheFolder()!, addon.name)
  const find = () => findAddonFile(folder, addon.key, [userId()])
  try {
    makeFolder(folder)
    const user = userId()
    const { uid, mode } = statSync(folder)
    if (user !== undefined && uid !== user)
      return { reason: `${folder} belongs to another user; TTT_E2E_CACHE can name a folder of your own` }
    // Whoever can write to the folder could put another file in the place of one that was looked at.
    if (user !== undefined && mode & 0o022) chmodSync(folder, 0o755)
    const found = find()
    if (found.path) return { path: found.path }
    tellRefused(found.refused, addon.title)
    const lock = join(folder, `${addon.key}.lock`)
    let unlock = takeTurn(lock)
    while (!unlock) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      const { path } = find()
      if (path) return { path }
      unlock = takeTurn(lock)
    }
    try {
      const path = find().path ?? (await compileInto(folder, addon))
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
async function compileInto(folder: string, { title, key, compile }: AddonOnFirstUse): Promise<string> {
  const work = mkdtempSync(join(folder, 'build-'))
  const kept = removedAtExit(work)
  process.stderr.write(`compiling the ${title} into ${folder} …, once\n`)
  try {
    const built = await compile(work)
    const path = join(folder, addonFileName(key, readFileSync(built)))
    chmodSync(built, 0o755)
    renamePatiently(built, path)
    return path
  } finally {
    kept()
    rmSync(work, { recursive: true, force: true })
  }
}

function firstLineOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string }
  const lines = (stderr || message || String(error)).split('\n')
  return (lines.find((line) => line.includes('error')) ?? lines[0]).trim()
}
