import { CheckpointError, listCheckpoints } from '@ttt-e2e/checkpoint'
import { UserError } from '@ttt-e2e/cli'
import { makeFolder, readWholeFile, writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { MetricsFile, resumeRun, type Run, type StepLine } from '@ttt-e2e/training'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { firstDifference } from './first-difference'

/** Everything that determines a training run, as plain JSON. */
export type Determinants = Record<string, unknown>

const fileName = 'bench-run.json'

/** The folder of one training run, as the trainer's, and a file that says what it was asked for. */
export class RunStore {
  constructor(readonly directory: string) {}

  /**
   * Makes the folder for this run, or checks that it is this run's.
   *
   * @param provenance engine, versions and git hash: recorded, not compared
   * @throws UserError if another run is stored there
   */
  open(run: Determinants, provenance: Record<string, unknown>): void {
    const plain = JSON.parse(JSON.stringify(run)) as Determinants
    const path = join(this.directory, fileName)
    makeFolder(this.directory)
    if (!existsSync(path)) {
      writeFileDurably(path, `${JSON.stringify({ run: plain, provenance }, null, 2)}\n`)
      return
    }
    const stored = this.readJson(path) as { run?: Determinants }
    // What doesn't say is of f32.
    const difference = firstDifference({ precision: 'f32', ...stored.run }, { precision: 'f32', ...plain })
    if (difference)
      throw new UserError(
        `'${this.directory}' holds a run with ${difference.path} ${difference.stored}, not ${difference.asked}; ` +
          'ask for the same again or choose another --out',
      )
  }

  /**
   * The run as it was last saved, with its steps. The caller disposes its state.
   *
   * @throws UserError if the files are damaged or not this system's
   */
  async load(): Promise<{ run: Run; steps: StepLine[] } | undefined> {
    if (listCheckpoints(this.directory).length === 0) return undefined
    try {
      const run = await resumeRun({ folder: this.directory })
      return { run, steps: new MetricsFile(this.directory).steps(run.state.step) }
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error
      throw new UserError(
        `the run stored in '${this.directory}' can't be read (${error.message}); remove it or choose another --out`,
      )
    }
  }

  /** How many steps are told of in its metrics; 0 where nothing is stored. */
  storedSteps(): number {
    return new MetricsFile(this.directory).steps().length
  }

  private readJson(path: string): unknown {
    const text = readWholeFile(path).toString()
    try {
      return JSON.parse(text)
    } catch {
      throw new UserError(`'${path}' is not JSON; remove its folder or choose another --out`)
    }
  }
}
