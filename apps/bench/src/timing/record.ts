import { formatBytes, Progress, untilSignal } from '@ttt-e2e/cli'
import '@ttt-e2e/kernels/engines'
import { resolveEngine, type Precision, type ResolvedEngine } from '@ttt-e2e/tensor-ops'
import { asFileError } from '@ttt-e2e/tensor-ops/files'
import { appendFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { provenance } from '../provenance'

/** What a speed command measured, with what and where. */
export interface SpeedRecord<Row> {
  schemaVersion: 1
  command: string
  startedAt: string
  finishedAt: string
  options: object
  engine: { name: string; description: string; line: string }
  machine: Record<string, string | number>
  versions: Record<string, string>
  gitHash: string | null
  /** Processes that wanted to run, over the last minute, before and after: more than this one's threads is noise. */
  load: { before: number; after: number }
  /** The most memory that this process held. */
  peakMemoryBytes: number
  rows: Row[]
}

/** What a speed command measures with, and where it puts what it finds. */
export interface Measuring<Row> {
  engine: ResolvedEngine
  progress: Progress
  signal: AbortSignal
  rows: Row[]
}

interface EngineRequest {
  engine: string
  threads?: number
  precision?: Precision
  /** File to write the results to. */
  json?: string
}

/**
 * Runs a speed command: chooses the engine, measures, and writes the record where `json` asks for it, also of what
 * was measured before a signal stopped it.
 *
 * @returns the exit code
 * @throws FileError where the file can't be written
 * @throws EngineError
 */
export async function recordSpeed<Row>(
  command: string,
  options: EngineRequest,
  measure: (measuring: Measuring<Row>) => Promise<void>,
): Promise<number> {
  const progress = new Progress()
  // A file that can't be written is found out before hours of measuring.
  if (options.json !== undefined) write(options.json, appendFileSync, '')
  const engine = await resolveEngine(options.engine, {
    threads: options.threads,
    precision: options.precision,
  })
  progress.print(engine.line)
  const startedAt = new Date().toISOString()
  const [before] = loadavg()
  const rows: Row[] = []
  const exitCode = await untilSignal(
    progress,
    'stopping after this run; Ctrl-C again quits at once',
    async (signal) => {
      await measure({ engine, progress, signal, rows })
      return 0
    },
  )
  const { name, description, line } = engine
  const record: SpeedRecord<Row> = {
    schemaVersion: 1,
    command,
    startedAt,
    finishedAt: new Date().toISOString(),
    options,
    engine: { name, description, line },
    ...provenance(),
    load: { before, after: loadavg()[0] },
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    rows,
  }
  const { load, peakMemoryBytes } = record
  progress.print(
    `\nload of the machine ${load.before.toFixed(1)} before, ${load.after.toFixed(1)} after · at most ${formatBytes(peakMemoryBytes)} of memory`,
  )
  if (options.json !== undefined) {
    write(options.json, writeFileSync, `${JSON.stringify(record, null, 1)}\n`)
    progress.print(`results: ${options.json}`)
  }
  return exitCode
}

function write(file: string, how: typeof writeFileSync | typeof appendFileSync, text: string): void {
  try {
    how(file, text)
  } catch (error) {
    const remains = 'give --json a file in a folder that exists and can be written to'
    throw asFileError(error, { path: file, attempt: 'written', remains })
  }
}
