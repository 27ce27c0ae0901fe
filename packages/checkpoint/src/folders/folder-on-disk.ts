import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ByteSource } from '@ttt-e2e/tensor-ops'
import { asFileError } from '@ttt-e2e/tensor-ops/files'
import type { ModelFolder } from './model-folder'

/** Bytes read in one call: Node reads less than 2 GiB at once. */
const mostAtOnce = 2 ** 30

/** A folder on the disk, whose files are read by range. */
export const folderOnDisk = (path: string): ModelFolder => ({
  name: path,
  async open(file) {
    const found = await stat(join(path, file)).catch((error: NodeJS.ErrnoException) => {
      if (['ENOENT', 'ENOTDIR'].includes(error.code ?? '')) return undefined
      throw asFileError(error)
    })
    return found?.isFile() ? fileOnDisk(join(path, file), found.size) : undefined
  },
  sha256: async (file) => hashOfFile(join(path, file)),
})

const fileOnDisk = (path: string, size: number): ByteSource => ({
  size,
  async read(start, end) {
    const bytes = new Uint8Array(end - start)
    const file = await open(path)
    try {
      for (let at = 0; at < bytes.length;) {
        const length = Math.min(mostAtOnce, bytes.length - at)
        const { bytesRead } = await file.read(bytes, at, length, start + at)
        if (bytesRead === 0) throw new Error(`'${path}' ends at byte ${start + at}, ${end} were to be there`)
        at += bytesRead
      }
    } catch (error) {
      throw asFileError(error, { path, attempt: 'read' })
    } finally {
      await file.close()
    }
    return bytes
  },
})

/** The SHA-256 of a file of any size, held in memory a mebibyte at a time. */
export function hashOfFile(path: string): string {
  const hash = createHash('sha256')
  const piece = new Uint8Array(2 ** 20)
  const file = openSync(path, 'r')
  try {
    for (let read; (read = readSync(file, piece)) > 0;) hash.update(piece.subarray(0, read))
  } catch (error) {
    throw asFileError(error, { path, attempt: 'read' })
  } finally {
    closeSync(file)
  }
  return hash.digest('hex')
}
