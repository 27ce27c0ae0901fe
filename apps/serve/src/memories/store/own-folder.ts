import { asFileError, lockFolder, makeFolder } from '@ttt-e2e/tensor-ops/files'

/** Whether a store's place is a folder of this machine. */
export const isFolder = (place: string): boolean => !place.includes('://')

/** Makes a folder this process's own: two would overwrite each other's memories. @throws FileError */
export function ownFolder(folder: string): () => void {
  try {
    makeFolder(folder)
    return lockFolder(folder)
  } catch (error) {
    throw asFileError(error, { remains: 'choose another folder with --memories' })
  }
}
