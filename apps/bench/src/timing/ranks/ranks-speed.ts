import { formatBytes, UserError } from '@ttt-e2e/cli'
import { spawnRanks } from '@ttt-e2e/mpi'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { speedSizes, type SpeedSizeName } from '../sizes'
import type { TimedSteps } from './timed-rank'

export interface RanksOptions {
  size: SpeedSizeName
  systems: readonly string[]
  /** Sequences of a step, of all ranks together. */
  batch: number
  reps: number
  engine: string
  mpirun: string
}

/** Each with one thread, and what they stand beside: one process with as many threads. */
const settings = [
  { ranks: 1, threads: 1 },
  { ranks: 2, threads: 1 },
  { ranks: 1, threads: 2 },
  { ranks: 4, threads: 1 },
] as const

/**
 * Times training steps of the same batches by one process and by several, one setting after the other, and prints what
 * each gains over one thread.
 *
 * @returns the exit code @throws UserError if ranks can't be started
 */
export async function ranksSpeed(options: RanksOptions): Promise<number> {
  const { size, systems, batch } = options
  const { length } = speedSizes[size]
  const [load] = loadavg()
  for (const system of systems) {
    console.log(`${system} · ${size} · ${batch} × ${length} tokens a step`)
    let base: number | undefined
    for (const setting of settings) {
      if (setting.ranks > batch) continue
      const { seconds, peak } = await timed({ ...options, ...setting, system })
      base ??= seconds
      const name = `${setting.ranks} × ${setting.threads} ${setting.threads === 1 ? 'thread ' : 'threads'}`
      const gain = (base / seconds).toFixed(2)
      const speed = `${Math.round((batch * length) / seconds)} tokens/s`
      console.log(
        `  ${name}  ${seconds.toFixed(3)} s  ${speed.padEnd(14)} ${gain} ×  ${formatBytes(peak)} a rank`,
      )
    }
  }
  console.log(
    `medians of ${options.reps} steps; load before ${load.toFixed(2)}, after ${loadavg()[0].toFixed(2)}`,
  )
  return 0
}

type Setting = (typeof settings)[number]

async function timed(options: RanksOptions & Setting & { system: string }): Promise<TimedSteps> {
  const { ranks, threads, system, size, batch, reps, engine, mpirun } = options
  const child = spawnRanks({
    ranks,
    script: join(import.meta.dirname, 'timed-rank.ts'),
    parameters: [JSON.stringify({ system, size, batch, reps, engine, threads })],
    mpirun,
  })
  const text = { stdout: '', stderr: '' }
  child.stdout!.on('data', (data) => (text.stdout += String(data)))
  child.stderr!.on('data', (data) => (text.stderr += String(data)))
  const code = await new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (closed) => resolve(closed ?? 'killed'))
  })
  if (code === 0) return JSON.parse(text.stdout) as TimedSteps
  throw new UserError(
    `${ranks} ranks could not be timed: ${mpirun} ended with ${code}; ${text.stderr.trim().split('\n')[0]}`,
  )
}
