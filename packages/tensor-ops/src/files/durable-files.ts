import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { asFileError } from './file-error'
import { makeFolder } from './make-folder'
import { renamePatiently } from './rename-patiently'

export type FileContent = string | Uint8Array

/** A file that was written. */
export interface WrittenFile {
  /** 64 hexadecimal digits. */
  sha256: string
  bytes: number
}

/** Writes a file into a folder that comes to be, from pieces as they come where it is large. */
export type WriteFile = (
  name: string,
  content: FileContent | AsyncIterable<Uint8Array>,
) => Promise<WrittenFile>

/**
 * Writes a file whole or not at all: under a temporary name beside it, to the disk, then renamed. A link stays one: what it
 * leads to is written. Devices and pipes take what is written as it comes.
 *
 * @throws FileError if the file system refuses; what was there before is there still
 */
export function writeFileDurably(path: string, content: FileContent): void {
  try {
    const there = statSync(path, { throwIfNoEntry: false })
    if (there?.isFile()) replaceFile(realpathSync(path), content)
    else if (!there || there.isDirectory()) replaceFile(path, content)
    else writeThrough(path, content)
  } catch (error) {
    throw asFileError(error, { path, attempt: 'written' })
  }
}

function replaceFile(path: string, content: FileContent): void {
  const temporary = temporaryBeside(path)
  try {
    writeSynced(temporary, content)
    renamePatiently(temporary, path)
    syncFolder(dirname(path))
  } catch (error) {
    removeIfPossible(temporary)
    throw error
  }
}

/** A rename would put a file in the place of the device or pipe. */
function writeThrough(path: string, content: FileContent): void {
  // Opened in this way first, a pipe that nobody reads from is refused, and doesn't wait for someone who may never come.
  const probe = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  try {
    writeFileSync(path, content)
  } finally {
    closeSync(probe)
  }
}

/**
 * Writes a folder of files whole or not at all: beside it, to the disk, then renamed. Folders above it are made.
 *
 * @param fill writes the files
 * @throws FileError if the file system refuses, or there is already something of that name, other than an empty folder
 */
export async function writeFolderDurably(
  path: string,
  fill: (write: WriteFile) => Promise<void>,
): Promise<void> {
  makeFolder(dirname(path))
  const temporary = temporaryBeside(path)
  const kept = removedAtExit(temporary)
  try {
    await mkdir(temporary)
    await fill((name, content) => writePieces(join(temporary, name), content))
    syncFolder(temporary)
    renamePatiently(temporary, path)
    syncFolder(dirname(path))
  } catch (error) {
    removeIfPossible(temporary)
    throw asFileError(error, { path, attempt: 'written' })
  } finally {
    kept()
  }
}

/** Has what is made under this name removed where the process ends meanwhile. @returns what gives that up */
export function removedAtExit(path: string): () => void {
  const remove = () => removeIfPossible(path)
  process.on('exit', remove)
  return () => process.off('exit', remove)
}

/** Removes a folder so that no half of it is ever seen under its name. @throws file system errors */
export function removeFolder(path: string): void {
  const temporary = temporaryBeside(path)
  renamePatiently(path, temporary)
  rmSync(temporary, { recursive: true, force: true, maxRetries: 3 })
}

/** What was begun under a temporary name; where it can't be removed either, the reason why it was given up is told. */
function removeIfPossible(temporary: string): void {
  try {
    rmSync(temporary, { recursive: true, force: true, maxRetries: 3 })
  } catch {
    // Its name says whose it is, and tidying finds it.
  }
}

/** The process that a temporary name belongs to, undefined for a name that isn't one. */
export function writerOf(name: string): number | undefined {
  const found = /^\..*\.tmp-(\d+)-\d+$/.exec(name)
  return found ? Number(found[1]) : undefined
}

let temporaries = 0
const temporaryBeside = (path: string) =>
  join(dirname(path), `.${basename(path)}.tmp-${process.pid}-${temporaries++}`)

const bytesOf = (content: FileContent): Uint8Array =>
  typeof content === 'string' ? Buffer.from(content) : content

function writeSynced(path: string, content: FileContent): void {
  const bytes = bytesOf(content)
  const file = openSync(path, 'wx')
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

async function writePieces(
  path: string,
  content: FileContent | AsyncIterable<Uint8Array>,
): Promise<WrittenFile> {
  const pieces = typeof content === 'string' || content instanceof Uint8Array ? [bytesOf(content)] : content
  const hash = createHash('sha256')
  let bytes = 0
  const file = await open(path, 'wx')
  try {
    for await (const piece of pieces) {
      hash.update(piece)
      for (let written = 0; written < piece.length;)
        written += (await file.write(piece, written)).bytesWritten
      bytes += piece.length
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { sha256: hash.digest('hex'), bytes }
}

/** A rename is on the disk when its folder is. */
function syncFolder(path: string): void {
  // Windows opens no folders; its file system keeps the order of renames by itself.
  if (process.platform === 'win32') return
  let folder: number | undefined
  try {
    folder = openSync(path, 'r')
    fsyncSync(folder)
  } catch (error) {
    // Not every file system can, and not every folder may be read that can be written to. What fails is another thing.
    if (['EIO', 'ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    if (folder !== undefined) closeSync(folder)
  }
}
