import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

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

/** Writes a file whole or not at all: under a temporary name beside it, to the disk, then renamed. */
export function writeFileDurably(path: string, content: FileContent): void {
  const temporary = temporaryBeside(path)
  try {
    writeSynced(temporary, content)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  syncFolder(dirname(path))
}

/**
 * Writes a folder of files whole or not at all: beside it, to the disk, then renamed. Folders above it are made.
 *
 * @param fill writes the files
 * @throws if there is already something of that name, other than an empty folder
 */
export async function writeFolderDurably(
  path: string,
  fill: (write: WriteFile) => Promise<void>,
): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = temporaryBeside(path)
  await mkdir(temporary)
  try {
    await fill((name, content) => writePieces(join(temporary, name), content))
    syncFolder(temporary)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
  syncFolder(dirname(path))
}

/** Removes a folder so that no half of it is ever seen under its name. */
export function removeFolder(path: string): void {
  const temporary = temporaryBeside(path)
  renameSync(path, temporary)
  rmSync(temporary, { recursive: true, force: true })
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
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
