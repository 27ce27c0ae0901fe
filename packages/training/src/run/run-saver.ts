import { makeRoom, saveCheckpoint } from '@ttt-e2e/checkpoint'
import type { ResolvedEngine } from '@ttt-e2e/tensor-ops'
import { FileError } from '@ttt-e2e/tensor-ops/files'
import type { MetricsFile } from './metrics-file'
import type { Run } from './run'
import type { RunRanks } from './run-ranks'

/** Without `saveEvery`. */
const saveEverySeconds = 30

export interface SaveOptions {
  run: Run
  engine: Pick<ResolvedEngine, 'name' | 'description' | 'precision'>
  /** Commit of the program that trains, where it is known. */
  gitHash?: string | null
  /** Steps between two checkpoints; every 30 seconds where left out. */
  saveEvery?: number
  /** A folder that holds no run: the run is saved there if its own folder can't be written to any more. */
  spare?: string
  /** How to go on with the run in this folder, in words; by --resume where left out. */
  goOn?(folder: string): string
  /** Told of old checkpoints that can't be removed, and of what nobody can tell of the run's data; printed as a warning where left out. */
  onLeft?(reason: string): void
}

/** Saves a run's checkpoints when they are due, and what can be saved when the file system refuses. */
export class RunSaver {
  private savedAt = performance.now()
  private savedStep: number
  private savedPath?: string
  private readonly told = new Set<string>()

  /** @param needsMetrics whether the run can't go on without a line of metrics for each step */
  constructor(
    private readonly options: SaveOptions,
    private readonly metrics: MetricsFile,
    private readonly needsMetrics: boolean,
    private readonly ranks: RunRanks,
  ) {
    this.savedStep = options.run.state.step
  }

  async saveIfDue(): Promise<void> {
    const { run, saveEvery } = this.options
    const due =
      saveEvery === undefined
        ? performance.now() - this.savedAt > saveEverySeconds * 1000
        : run.state.step % saveEvery === 0
    if (await this.ranks.decide(due)) await this.save()
  }

  /** Saves the steps since the last checkpoint, where there are any. @throws FileError if the file system refuses */
  async save(): Promise<void> {
    const { run } = this.options
    if (run.state.step !== this.savedStep) await this.saveIn(run.folder)
  }

  /**
   * Saves what can be saved after the file system has refused: in the run's own folder, with only the newest of the older
   * checkpoints kept where there is no room, or else in the spare one.
   *
   * @returns the same error, with what is saved, what is lost, and how to go on
   */
  async rescue(error: FileError): Promise<FileError> {
    const { run, spare, goOn = byResuming } = this.options
    const { step } = run.state
    if (step === 0) return error
    // The moments are in parts at ranks that know nothing of it.
    if (this.ranks.parallel && this.ranks.communicator.size > 1)
      return error.with(
        `the last good checkpoint is ${this.lastGood()}; when that is mended, ${goOn(run.folder)}`,
      )
    const folder = (await this.hasSaved(run.folder, () => this.flush(run.folder)))
      ? run.folder
      : spare !== undefined && (await this.hasSaved(spare, () => this.metrics.copyTo(spare)))
        ? spare
        : undefined
    if (folder !== undefined)
      return error.with(
        `${folder === run.folder && this.metrics.isBehind ? 'only the last lines of metrics are lost' : 'nothing is lost'}: ` +
          `step ${step} is saved in '${folder}'; when that is mended, ${goOn(folder)}`,
      )
    const lost =
      step - this.savedStep === 1 ? `step ${step} is` : `steps ${this.savedStep + 1} to ${step} are`
    const [left, again] =
      this.savedStep > 0
        ? [`the last good checkpoint is ${this.lastGood()}`, goOn(run.folder)]
        : ['nothing was saved before', 'begin again']
    const elsewhere =
      spare === undefined && goOn === byResuming
        ? ', and --spare FOLDER saves elsewhere if it happens again'
        : ''
    return error.with(`${lost} lost; ${left}; when that is mended, ${again}${elsewhere}`)
  }

  /** Which checkpoint a run would go on from, in words. */
  lastGood(): string {
    return this.savedPath ?? (this.savedStep > 0 ? `that of step ${this.savedStep}` : 'none yet')
  }

  private async hasSaved(folder: string, writeMetrics: () => void | Promise<void>): Promise<boolean> {
    try {
      await writeMetrics()
      if (folder !== this.options.run.folder || this.options.run.state.step !== this.savedStep)
        await this.saveIn(folder)
      return true
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      return false
    }
  }

  /** A checkpoint whose metrics are missing is worth something, unless the run's schedule depends on them. */
  private async flush(folder: string): Promise<void> {
    try {
      await withRoom(folder, () => this.metrics.flush())
    } catch (error) {
      if (!(error instanceof FileError) || this.needsMetrics) throw error
    }
  }

  private async saveIn(folder: string): Promise<void> {
    const { run, engine, gitHash } = this.options
    const { recipe, state, data, system, tokenizer, documentsBeginWithBos } = run
    const warm = recipe.warmStart && { system, tokenizer, documentsBeginWithBos }
    const onLeft = (reason: string) => this.tellOnce(reason)
    const whole = this.ranks.parallel ? await this.ranks.parallel.whole() : { state, free: () => undefined }
    try {
      const saved = whole && { recipe, state: whole.state, engine, gitHash, data, onLeft, ...warm }
      if (saved) this.savedPath = await withRoom(folder, () => saveCheckpoint(folder, saved))
    } finally {
      whole?.free()
    }
    this.savedAt = performance.now()
    this.savedStep = state.step
  }

  private tellOnce(reason: string): void {
    if (this.told.has(reason)) return
    this.told.add(reason)
    const { onLeft = console.warn } = this.options
    onLeft(reason)
  }
}

const byResuming = (folder: string) => `go on with --resume ${folder}`

/** Writes to a run's folder, once more with what older checkpoints take where there is no room. */
async function withRoom<T>(folder: string, write: () => T | Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (!(error instanceof FileError && error.isForRoom && makeRoom(folder))) throw error
    return await write()
  }
}
