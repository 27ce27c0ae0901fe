import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { UserError } from '@ttt-e2e/cli'
import { readWholeFile, writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { ratesOf, type LossByRate } from './system-rate'

/** What every system and rate of a task was trained by, and what came of it. */
export interface Sweep {
  /** Of all, but for system and rate. */
  training: Record<string, unknown>
  /** What the losses are of. */
  validation: string
  /** By system. */
  losses: Record<string, LossByRate>
}

/** By task. */
export type Sweeps = Record<string, Sweep>

/** The one that the presets take their rates from. */
export const keptSweeps = fileURLToPath(new URL('rates.json', import.meta.url))

/** Losses by task, system and rate in a JSON file: what was measured once isn't measured again. */
export class SweepsFile {
  private readonly sweeps: Sweeps

  constructor(readonly path: string) {
    this.sweeps = existsSync(path) ? (JSON.parse(readWholeFile(path).toString()) as Sweeps) : {}
  }

  /** @throws UserError if the file's losses are of other training */
  begin(task: string, sweep: Omit<Sweep, 'losses'>): void {
    const { losses = {}, ...before } = this.sweeps[task] ?? sweep
    const plain = JSON.parse(JSON.stringify(sweep)) as typeof sweep
    if (!isDeepStrictEqual(before, sweep) && !isDeepStrictEqual(before, plain))
      throw new UserError(
        `'${this.path}' holds losses of ${JSON.stringify(before)} on ${task}, not ${JSON.stringify(sweep)}; give another --file, or remove them there`,
      )
    this.sweeps[task] = { ...plain, losses }
  }

  /** The losses of a task by system. */
  of(task: string): Readonly<Record<string, LossByRate>> {
    return this.sweeps[task].losses
  }

  add(task: string, system: string, rate: number, loss: number): void {
    const { losses } = this.sweeps[task]
    const measured: LossByRate = { ...losses[system] }
    measured[rate] = Number.isFinite(loss) ? Number(loss.toFixed(4)) : null
    losses[system] = Object.fromEntries(ratesOf(measured).map((each) => [each, measured[each]]))
    writeFileDurably(this.path, `${JSON.stringify(this.sweeps, null, 2)}\n`)
  }
}
