import { saveCheckpoint } from '@ttt-e2e/checkpoint'
import type { ResolvedEngine } from '@ttt-e2e/tensor-ops'
import { TrainingError } from '../training-error'
import type { Run } from './open-run'

/** Without `saveEvery`. */
const saveEverySeconds = 30

export interface SaveOptions {
  run: Run
  engine: Pick<ResolvedEngine, 'name' | 'description' | 'precision'>
  /** Commit of the program that trains, where it is known. */
  gitHash?: string | null
  /** Steps between two checkpoints; every 30 seconds where left out. */
  saveEvery?: number
}

/** Saves a run's checkpoints when they are due. */
export class RunSaver {
  private savedAt = performance.now()
  private savedStep: number
  private savedPath?: string

  constructor(private readonly options: SaveOptions) {
    this.savedStep = options.run.state.step
  }

  async saveIfDue(): Promise<void> {
    const { run, saveEvery } = this.options
    const due =
      saveEvery === undefined
        ? performance.now() - this.savedAt > saveEverySeconds * 1000
        : run.state.step % saveEvery === 0
    if (due) await this.save()
  }

  /**
   * Saves the steps since the last checkpoint, where there are any.
   *
   * @throws TrainingError if the file system refuses, with the last good one
   */
  async save(): Promise<void> {
    const { run, engine, gitHash } = this.options
    const { folder, recipe, state } = run
    if (state.step === this.savedStep) return
    try {
      this.savedPath = await saveCheckpoint(folder, { recipe, state, engine, gitHash })
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      throw new TrainingError(
        `the checkpoint can't be written (${code}); the last good one is ${this.lastGood()}`,
      )
    }
    this.savedAt = performance.now()
    this.savedStep = state.step
  }

  /** Which checkpoint a run would go on from, in words. */
  lastGood(): string {
    return this.savedPath ?? (this.savedStep > 0 ? `that of step ${this.savedStep}` : 'none yet')
  }
}
