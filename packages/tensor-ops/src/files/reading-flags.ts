import { constants, realpathSync, statSync } from 'node:fs'
import { FileError } from './file-error'

/**
 * How a file that someone names is opened to be read: so that no read of it waits for what may never come, as of
 * `/proc/kmsg`. Node can't end while a thread of its own waits in one, and no signal ends it but KILL. Pipes that stand in
 * a folder and devices are refused; pipes without a place, as a shell's `<(command)`, are open already and have an end.
 *
 * @returns flags of `open`
 * @throws FileError
 */
export function readingFlags(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isFIFO() && !hasPlace(path)) return constants.O_RDONLY
  if (found?.isFIFO()) throw refused(path, 'pipe', 'write what comes out of it to a file, and name that')
  if (found?.isCharacterDevice() || found?.isBlockDevice())
    throw refused(path, 'device', 'write what is wanted of it to a file, and name that')
  // Windows has no such flag.
  return constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
}

const refused = (path: string, what: string, remains: string) =>
  new FileError(path, { reason: `a ${what} stands where a file is expected`, attempt: 'read', remains })

function hasPlace(path: string): boolean {
  try {
    // Not Node's own, which makes a name of a pipe that has none.
    realpathSync.native(path)
    return true
  } catch {
    return false
  }
}
