import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { asFileError, FileError } from './file-error'
import { readingFlags } from './reading-flags'

/** Node has no more of a file in one piece. */
const mostBytes = 2 ** 31 - 1

/** A file's bytes. @throws FileError naming it if it can't be read: Node names no file that is open already */
export function readWholeFile(path: string): Buffer {
  let file: number | undefined
  try {
    file = openSync(path, readingFlags(path))
    if (fstatSync(file).size > mostBytes)
      throw new FileError(path, {
        reason: 'it is not below 2 GiB, and is read in one piece',
        attempt: 'read',
      })
    return readFileSync(file)
  } catch (error) {
    throw asFileError(error, { path, attempt: 'read' })
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
