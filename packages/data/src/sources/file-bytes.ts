import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Decompress } from 'fzstd'
import { asFileError, streamOfFile } from '@ttt-e2e/tensor-ops/files'
import { DataError } from '../data-error'

/** Compressions by the last part of a file's name; what is below is named by the part before. */
const decompressions: Readonly<Record<string, (file: string) => AsyncIterable<Uint8Array>>> = {
  '.gz': gunzipped,
  '.zst': unzstd,
}

/** A file's name without the part that says how it is compressed, and that part in lower case. */
export function compressionOf(file: string): { name: string; compression?: string } {
  const compression = Object.keys(decompressions).find((ending) => file.toLowerCase().endsWith(ending))
  return compression === undefined
    ? { name: file }
    : { name: file.slice(0, -compression.length), compression }
}

/**
 * The bytes of a file from its beginning, decompressed where its name says so; never the whole of it in memory.
 *
 * @throws DataError for one that isn't what its name says, or is cut off; file system errors
 */
export async function* bytesOfFile(file: string): AsyncGenerator<Uint8Array, void, void> {
  const { compression } = compressionOf(file)
  try {
    yield* compression === undefined ? streamOfFile(file) : decompressions[compression](file)
  } catch (error) {
    throw asFileError(error, { path: file, attempt: 'read' })
  }
}

async function* gunzipped(file: string): AsyncGenerator<Uint8Array, void, void> {
  const unpacked = createGunzip()
  // Errors of either end come out where it is read.
  pipeline(streamOfFile(file), unpacked, () => {})
  try {
    yield* unpacked
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'Z_BUF_ERROR')
      throw new DataError(`'${file}' is cut off: its gzip data has no end; copy it again`)
    if (code?.startsWith('Z_'))
      throw new DataError(`'${file}' is not sound gzip (${(error as Error).message})`)
    throw error
  }
}

/** Bytes that may stand for so many more that they are given out before the next. */
const zstdPiece = 4096

async function* unzstd(file: string): AsyncGenerator<Uint8Array, void, void> {
  const unpacked: Uint8Array[] = []
  const decompress = new Decompress((piece) => unpacked.push(piece))
  const push = (bytes: Uint8Array, last: boolean) => {
    try {
      decompress.push(bytes, last)
    } catch (error) {
      throw new DataError(`'${file}' is cut off or not sound zstd (${(error as Error).message})`)
    }
    return unpacked.splice(0)
  }
  for await (const bytes of streamOfFile(file) as AsyncIterable<Uint8Array>)
    for (let from = 0; from < bytes.length; from += zstdPiece)
      yield* push(bytes.slice(from, from + zstdPiece), false)
  yield* push(new Uint8Array(), true)
}
