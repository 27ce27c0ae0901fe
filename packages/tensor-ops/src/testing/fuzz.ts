import { createRandom, fold } from '../random'
import { UserError } from '../user-error'
import { mutated } from './mutate'

/** A sound file, and what opens files like it. */
export interface FuzzTarget {
  file: Uint8Array
  /** Bytes from the file's beginning that are changed; all where left out. */
  within?: number
  /** Makes lengths and checksums right again, so that what stands behind them is met: of every second mutation. */
  repair?(bytes: Uint8Array): Uint8Array
  /** Opens a file and reads all of it. */
  open(bytes: Uint8Array): Promise<unknown>
}

export interface FuzzReport {
  opened: number
  /** Files that were refused with a sentence. */
  refused: number
  /** Mutations, by their number, that led to anything else. */
  faults: { number: number; what: string }[]
  slowestMilliseconds: number
  /** The most memory that one took, its garbage included. */
  mostBytes: number
}

/** A file is either opened or refused within this. */
const longestMilliseconds = 1000
/** Beside twice the file: what a sound one leaves behind for the collector, however small it is. */
const spareBytes = 32 * 2 ** 20
/** A sentence lists the first problems. */
const longestSentence = 4000

/**
 * Opens so many mutations of a file. Each must be opened, or refused by a UserError of one line, soon, and without more
 * memory than twice the file.
 *
 * @throws what the file as it is leads to, which is sound
 * @param from the number of the first mutation; the same seed and number make the same file
 */
export async function fuzz(
  target: FuzzTarget,
  { count, seed, from = 0 }: { count: number; seed: number; from?: number },
  onProgress: (report: FuzzReport) => void = () => {},
): Promise<FuzzReport> {
  const report: FuzzReport = { opened: 0, refused: 0, faults: [], slowestMilliseconds: 0, mostBytes: 0 }
  await target.open(target.file)
  for (let number = from; number < from + count; number++) {
    const file = mutation(target, seed, number)
    const fault = (what: string) => report.faults.push({ number, what })
    const before = heldBytes()
    const start = performance.now()
    try {
      await target.open(file)
      report.opened++
    } catch (error) {
      report.refused++
      const { message, stack } = error as Error
      if (!(error instanceof UserError)) fault(stack ?? String(error))
      // oxlint-disable-next-line no-control-regex
      else if (message.length > longestSentence || /[\u0000-\u001f\u007f]/.test(message))
        fault(`no sentence: ${JSON.stringify(message)}`)
    }
    const milliseconds = performance.now() - start
    const bytes = heldBytes() - before
    // What hangs does so again; a machine that has other things to do may not.
    if (milliseconds > longestMilliseconds && (await timeOf(target, file)) > longestMilliseconds)
      fault(`it took ${Math.round(milliseconds)} milliseconds`)
    if (bytes > 2 * file.length + spareBytes) fault(`it took ${bytes} bytes for a file of ${file.length}`)
    report.slowestMilliseconds = Math.max(report.slowestMilliseconds, milliseconds)
    report.mostBytes = Math.max(report.mostBytes, bytes)
    onProgress(report)
  }
  return report
}

function mutation({ file, within, repair }: FuzzTarget, seed: number, number: number): Uint8Array {
  const changed = mutated(file, createRandom(fold(seed, number)), within)
  return repair && number % 2 === 1 ? repair(changed) : changed
}

async function timeOf({ open }: FuzzTarget, file: Uint8Array): Promise<number> {
  const start = performance.now()
  await open(file).catch(() => {})
  return performance.now() - start
}

function heldBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
