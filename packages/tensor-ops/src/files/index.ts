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
export { makeFolder } from './make-folder'
export { readWholeFile } from './read-whole-file'
export { refuseNamedPipe } from './refuse-named-pipe'
