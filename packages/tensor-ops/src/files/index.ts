export {
  removedAtExit,
  removeFolder,
  writeFileDurably,
  writeFolderDurably,
  writerOf,
  type FileContent,
  type WriteFile,
} from './durable-files'
export { asFileError, FileError } from './file-error'
export { filesBelow } from './files-below'
export { checkNotLocked, folderLock, lockFolder, LockTaken, takeLock } from './folder-lock'
export { isThere } from './is-there'
export { makeFolder } from './make-folder'
export { readWholeFile } from './read-whole-file'
export { readingFlags } from './reading-flags'
export { renamePatiently } from './rename-patiently'
export { streamOfFile } from './stream-of-file'
