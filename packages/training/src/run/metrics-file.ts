import { appendFileSync, existsSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { asFileError, makeFolder, readWholeFile, writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import type { MetricsLine, StepLine } from './metrics-line'

const fileName = 'metrics.jsonl'

/** A run's metrics.jsonl, a line for each step and each evaluation. */
export class MetricsFile {
  private readonly path: string
  /** Lines that the file system has not taken. */
  private waiting = ''

  /** @param run the run's folder @param writes whether lines are kept; one of the ranks of a run does it for all */
  constructor(
    run: string,
    private readonly writes = true,
  ) {
    this.path = join(run, fileName)
  }

  /** Takes back what was written after a step that the run goes on from: it will come again. @throws FileError */
  goOnFrom(step: number): void {
    if (!this.writes) return
    const kept = this.lines().filter((line) => line.step <= step && line.kind !== 'failed')
    // A run that is stopped before its first step leaves no file without a line.
    if (kept.length > 0 || existsSync(this.path))
      writeFileDurably(this.path, kept.map((line) => `${JSON.stringify(line)}\n`).join(''))
  }

  /** Whether there are lines that could not be written. */
  get isBehind(): boolean {
    return this.waiting !== ''
  }

  /** @throws FileError if the file system refuses; the line waits for the next one */
  add(line: MetricsLine): void {
    if (!this.writes) return
    this.waiting += `${JSON.stringify(line)}\n`
    this.flush()
  }

  /** Writes the lines that could not be written before. @throws FileError if they still can't */
  flush(): void {
    if (this.waiting === '') return
    const size = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0
    try {
      appendFileSync(this.path, this.waiting)
      this.waiting = ''
    } catch (error) {
      this.takeBack(size)
      throw asFileError(error, { path: this.path, attempt: 'written' })
    }
  }

  /** Writes all lines, those that wait too, into another run's folder. @throws FileError */
  copyTo(run: string): void {
    makeFolder(run)
    writeFileDurably(join(run, fileName), this.read() + this.waiting)
  }

  private read(): string {
    return existsSync(this.path) ? readWholeFile(this.path).toString() : ''
  }

  /** A disk that gets full takes a part of what is written. */
  private takeBack(size: number): void {
    try {
      if (statSync(this.path, { throwIfNoEntry: false })) truncateSync(this.path, size)
    } catch {
      // Half a line counts for nothing when it is read.
    }
  }

  /** The lines of the first so many steps, in order. */
  steps(count = Infinity): StepLine[] {
    return this.lines().filter((line) => line.kind === 'step' && line.step <= count) as StepLine[]
  }

  hasHeldOut(step: number): boolean {
    return this.lines().some((line) => line.kind === 'held-out' && line.step === step)
  }

  /** All of them, in order. */
  lines(): MetricsLine[] {
    return this.read()
      .split('\n')
      .flatMap((line) => {
        try {
          return [JSON.parse(line) as MetricsLine]
        } catch {
          // The last line of a run that was killed while it wrote.
          return []
        }
      })
  }
}
