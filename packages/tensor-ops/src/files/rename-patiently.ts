import { renameSync } from 'node:fs'

/** What other programs cause that look at a new file for a moment: virus scanners, indexers, back-ups. */
const passing = new Set(process.platform === 'win32' ? ['EPERM', 'EBUSY', 'EACCES'] : ['EPERM', 'EBUSY'])

/** Waits between tries: five seconds in all. */
const waits = [10, 20, 40, 80, 150, 300, 500, 900, 1400, 1600]

/** Renames, again for some seconds where another program has its hands on it. This process does nothing else meanwhile. */
export function renamePatiently(from: string, to: string): void {
  for (const milliseconds of waits) {
    try {
      return renameSync(from, to)
    } catch (error) {
      if (!passing.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
  }
  renameSync(from, to)
}
