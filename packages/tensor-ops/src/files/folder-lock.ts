import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { asFileError, FileError } from './file-error'
import { renamePatiently } from './rename-patiently'

/** Stands in a folder while a process writes to it. */
const lockName = '.lock'

/** A lock file without its content is one that is being written, unless it is older than this. */
const writingMilliseconds = 5000

/** Who holds a lock. */
interface Holder {
  pid: number
  /** When the process began, in the system's own count: a process id is given again. */
  started?: string
  /** The machine, or container, in which the id means anything. */
  host: string
}

/**
 * Makes this process the only writer of a folder until the function returned is called, or until the process ends,
 * however it does: the lock of a process that is no more counts for nothing.
 *
 * @param folder must be there
 * @throws FileError that names the process which has the folder, or if the file system refuses
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, lockName)
  try {
    return takeLock(path)
  } catch (error) {
    throw error instanceof LockTaken
      ? folderTaken(folder, error.holder)
      : asFileError(error, { path: folder })
  }
}

/**
 * The same for whoever shares a folder with others that do as well: only makes sure that none has it alone.
 *
 * @throws FileError that names the process which has the folder
 */
export function checkNotLocked(folder: string): void {
  const holder = holderOf(folder)
  if (holder !== undefined && holder !== 'dead')
    throw folderTaken(folder, holder === 'unknown' ? undefined : holder)
}

function folderTaken(folder: string, holder: Holder | undefined): FileError {
  const elsewhere = holder && holder.host !== hostname()
  const who = holder ? `process ${holder.pid}${elsewhere ? ` of ${holder.host}` : ''}` : 'another process'
  const remains = elsewhere
    ? `end that one first; if it is gone, delete ${join(folder, lockName)}`
    : 'end that one first, or choose another folder'
  return new FileError(folder, { reason: `${who} writes to it`, remains })
}

/**
 * Who locked a folder: undefined where nobody did; `dead` where that process ended without releasing it, by SIGKILL or with
 * its machine.
 */
export function folderLock(folder: string): 'held' | 'dead' | undefined {
  const holder = holderOf(folder)
  return holder === undefined || holder === 'dead' ? holder : 'held'
}

/** The process that has a folder, unknown where its lock doesn't say it yet. */
function holderOf(folder: string): Holder | 'unknown' | 'dead' | undefined {
  const path = join(folder, lockName)
  const found = read(path)
  if (found === undefined) return undefined
  const holder = parse(found)
  return (holder ? isAlive(holder) : isYounger(path, writingMilliseconds)) ? (holder ?? 'unknown') : 'dead'
}

/** Another process has the lock. */
export class LockTaken extends Error {
  override readonly name = 'LockTaken'

  /** @param holder undefined where the lock doesn't say */
  constructor(readonly holder: Holder | undefined) {
    super('another process has the lock')
  }
}

/**
 * Takes a lock: a file that says whose it is. Released by the function returned and by the end of the process, at the
 * latest by its death.
 *
 * @param path in a folder that is there
 * @param longest milliseconds after which nobody is taken to hold it any more, where its work is known to be short
 * @throws LockTaken if it is held; file system errors
 */
export function takeLock(path: string, longest = Infinity): () => void {
  const own: Holder = { pid: process.pid, host: hostname() }
  const started = startOf('self')
  if (started !== undefined) own.started = started
  const content = JSON.stringify(own)
  for (let tries = 0; !create(path, content); tries++) {
    const found = read(path)
    if (found === undefined) continue
    const holder = parse(found)
    const held = isYounger(path, holder ? longest : writingMilliseconds) && (!holder || isAlive(holder))
    if (held || tries > 10) throw new LockTaken(holder)
    removeStale(path, found)
  }
  const release = () => {
    process.off('exit', release)
    // Only one's own: whoever found the process dead has taken over.
    if (read(path) === content) rmSync(path, { force: true })
  }
  process.on('exit', release)
  return release
}

/** @returns false if there is a lock already */
function create(path: string, content: string): boolean {
  let file: number
  try {
    file = openSync(path, 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  try {
    writeSync(file, content)
  } catch (error) {
    // On a full disk it would stand there, empty.
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
  return true
}

/** @returns undefined if there is no such file any more */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw asFileError(error, { path })
  }
}

function parse(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder>
    const isHolder = Number.isSafeInteger(holder.pid) && typeof holder.host === 'string'
    return isHolder ? (holder as Holder) : undefined
  } catch {
    return undefined
  }
}

function isYounger(path: string, milliseconds: number): boolean {
  try {
    return Date.now() - statSync(path).mtimeMs < milliseconds
  } catch {
    return false
  }
}

/** Whether the process still runs; of another machine nobody here can tell. */
function isAlive({ pid, started, host }: Holder): boolean {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Another user's process can't be signalled, and is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  const now = startOf(pid)
  return started === undefined || now === undefined || started === now
}

/** When a process began, on Linux: clock ticks since the machine did, with the machine's own start. */
function startOf(pid: number | 'self'): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may have blanks itself; the 22nd field of all is the 20th after it.
    const field = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return `${boot} ${field}`
  } catch {
    return undefined
  }
}

let removed = 0

/** Takes a lock away that was found stale, unless someone has come between. */
function removeStale(path: string, found: string): void {
  const aside = `${path}.stale-${process.pid}-${removed++}`
  try {
    renamePatiently(path, aside)
  } catch (error) {
    // Someone else was quicker; the next try sees who.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (read(aside) === found) rmSync(aside, { force: true })
  else renamePatiently(aside, path)
}
