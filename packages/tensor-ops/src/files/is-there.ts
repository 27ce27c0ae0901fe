import { statSync } from 'node:fs'
import { asFileError } from './file-error'

/**
 * Whether a file or folder is there, through links too.
 *
 * @throws FileError where the system doesn't tell, as at a link to itself or a folder that is closed to the user: of such a
 * one Node's `existsSync` says that it isn't there
 */
export function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    // Below a file there is nothing.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return false
    throw asFileError(error, { path })
  }
}
