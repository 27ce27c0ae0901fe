import { realpathSync, statSync } from 'node:fs'
import { FileError } from './file-error'

/**
 * Refuses a pipe that stands in a folder: where nobody writes into it, opening it waits for ever, and no signal ends that
 * but KILL. Pipes without a name of their own, as a shell's `<(command)`, are open already.
 *
 * @throws FileError
 */
export function refuseNamedPipe(path: string): void {
  if (!statSync(path, { throwIfNoEntry: false })?.isFIFO() || !hasPlace(path)) return
  throw new FileError(path, {
    reason: 'a pipe stands where a file is expected',
    attempt: 'read',
    remains: 'write what comes out of it to a file, and name that',
  })
}

function hasPlace(path: string): boolean {
  try {
    realpathSync(path)
    return true
  } catch {
    return false
  }
}
