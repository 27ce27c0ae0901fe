import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { asFileError, FileError } from './file-error'

/**
 * Makes a folder and those above it, where there are none. Node's own way of doing so never ends where folders are made
 * up by the system, as below /proc.
 *
 * @throws FileError naming the folder that can't be made
 */
export function makeFolder(path: string): void {
  try {
    if (isFolder(path)) return
    try {
      mkdirSync(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error
      makeFolder(dirname(path))
      mkdirSync(path)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw asFileError(error, { path })
    // Another process was quicker.
    if (isFolder(path)) return
    throw new FileError(path, {
      reason: 'a file stands where a folder is expected (EEXIST)',
      systemCode: 'EEXIST',
    })
  }
}

/** @throws file system errors, but for what isn't there */
const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
