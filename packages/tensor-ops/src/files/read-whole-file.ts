import { readFileSync } from 'node:fs'
import { asFileError } from './file-error'
import { refuseNamedPipe } from './refuse-named-pipe'

/** A file's bytes. @throws FileError naming it if it can't be read: Node names no file that is open already */
export function readWholeFile(path: string): Buffer {
  try {
    refuseNamedPipe(path)
    return readFileSync(path)
  } catch (error) {
    throw asFileError(error, { path, attempt: 'read' })
  }
}
