import { asFileError } from '@ttt-e2e/tensor-ops/files'
import type { MetricsLine } from '@ttt-e2e/training'
import { appendFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { seriesGroups } from '../report/series'
import { encodeEvent, eventVersion } from './encode-event'

const prefix = 'events.out.tfevents.'
const all = seriesGroups.flatMap(({ series }) => series)

/**
 * A run's TensorBoard events, beside its metrics.jsonl and of the same lines: a run that goes on has them written anew from
 * those, so that nothing is there twice and nothing is missing.
 */
export class EventFile {
  private readonly path: string

  /** Takes the place of the event files that are there. @throws FileError if the file system refuses */
  constructor(run: string, lines: readonly MetricsLine[]) {
    const name = `${prefix}${Math.floor(Date.now() / 1000)}.${hostname()}.${process.pid}`
    this.path = join(run, name)
    try {
      for (const file of readdirSync(run)) if (file.startsWith(prefix)) rmSync(join(run, file))
      const at = lines[0]?.at ?? Date.now() / 1000
      const records = [encodeEvent({ at, version: eventVersion }), ...lines.flatMap(recordOf)]
      writeFileSync(this.path, Buffer.concat(records))
    } catch (error) {
      throw asFileError(error, { path: this.path, attempt: 'written' })
    }
  }

  /** @throws FileError if the file system refuses */
  add(line: MetricsLine): void {
    try {
      for (const record of recordOf(line)) appendFileSync(this.path, record)
    } catch (error) {
      throw asFileError(error, { path: this.path, attempt: 'written' })
    }
  }
}

/** Nothing of a line without numbers. */
function recordOf(line: MetricsLine): Uint8Array[] {
  const scalars = all.flatMap(({ tag, of }) => {
    const value = of(line)
    return value === undefined ? [] : [[tag, value] as const]
  })
  const { step, at = Date.now() / 1000 } = line
  return scalars.length === 0 ? [] : [encodeEvent({ at, step, scalars })]
}
