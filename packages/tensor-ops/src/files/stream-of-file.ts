import { createReadStream, openSync, type ReadStream } from 'node:fs'
import { asFileError } from './file-error'
import { readingFlags } from './reading-flags'

/**
 * A file's bytes in pieces, from its beginning.
 *
 * @param pieceBytes 64 KiB where left out
 * @throws FileError naming it if it can't be opened; errors of reading come out of the stream
 */
export function streamOfFile(path: string, pieceBytes = 2 ** 16): ReadStream {
  try {
    return createReadStream(path, { fd: openSync(path, readingFlags(path)), highWaterMark: pieceBytes })
  } catch (error) {
    throw asFileError(error, { path, attempt: 'read' })
  }
}
