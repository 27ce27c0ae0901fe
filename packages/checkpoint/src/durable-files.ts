import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

export type FileContent = string | Uint8Array

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
 * @throws if there is already something of that name, other than an empty folder
 */
export function writeFolderDurably(path: string, files: Record<string, FileContent>): void {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = temporaryBeside(path)
  mkdirSync(temporary)
  try {
    for (const [name, content] of Object.entries(files)) writeSynced(join(temporary, name), content)
    syncFolder(temporary)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true })
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

function writeSynced(path: string, content: FileContent): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const file = openSync(path, 'wx')
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
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
