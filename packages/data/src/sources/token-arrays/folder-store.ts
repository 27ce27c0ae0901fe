import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { asFileError } from '@ttt-e2e/tensor-ops/files'
import { ZarrProblem } from '../../zarr/array-metadata'
import type { ZarrStore } from '../../zarr/zarr-array'

/** The files of a folder by zarr's keys. @throws FileError; ZarrProblem for a range that a file doesn't have */
export const folderStore = (folder: string): ZarrStore => ({
  get: (key) => reading(join(folder, key), (file, size) => readRange(file, 0, size)),
  getRange: (key, range) =>
    reading(join(folder, key), (file, size) => {
      const start = 'suffixLength' in range ? size - range.suffixLength : range.offset
      const length = 'suffixLength' in range ? range.suffixLength : range.length
      if (!(start >= 0 && length >= 0 && start + length <= size))
        throw new ZarrProblem(
          `bytes ${start} to ${start + length} of '${key.slice(1)}' were to be read, it has ${size}`,
        )
      return readRange(file, start, length)
    }),
})

async function reading(
  path: string,
  read: (file: FileHandle, size: number) => Promise<Uint8Array>,
): Promise<Uint8Array | undefined> {
  let file: FileHandle | undefined
  try {
    file = await open(path)
    return await read(file, (await file.stat()).size)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw asFileError(error, { path, attempt: 'read' })
  } finally {
    await file?.close()
  }
}

async function readRange(file: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(bytes, at, length - at, start + at)
    if (bytesRead === 0) throw new ZarrProblem(`the file ends at byte ${start + at}`)
    at += bytesRead
  }
  return bytes
}
