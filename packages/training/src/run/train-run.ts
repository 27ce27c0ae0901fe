import { basename } from 'node:path'
import { listCheckpoints } from '@ttt-e2e/checkpoint'
import { batchShapeAt, train, trainedTree, type Schedule, type StepReport } from '@ttt-e2e/meta-outer'
import { read, treeEntries, type ResolvedEngine } from '@ttt-e2e/tensor-ops'
import { asFileError, FileError, lockFolder, makeFolder } from '@ttt-e2e/tensor-ops/files'
import { countFlops } from '@ttt-e2e/ttt-inner'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { evaluate, type HeldOutLoss } from '../evaluate'
import { seedsOf } from '../seeds'
import type { Task } from '../tasks/task'
import { TrainingError } from '../training-error'
import { checkData } from './check-data'
import { MemoryLimit } from './memory-limit'
import { MetricsFile } from './metrics-file'
import { secondsNow, stepLine, type FlopLimit, type StepLine } from './metrics-line'
import { isNonFinite, Recovery, type OnNonFinite } from './recovery'
import type { Run } from './run'
import { RunRanks, type RankOptions } from './run-ranks'
import { RunSaver, type SaveOptions } from './run-saver'

export interface TrainRunOptions extends SaveOptions, RankOptions {
  run: Run
  task: Task
  engine: Pick<ResolvedEngine, 'name' | 'description' | 'precision'>
  signal: AbortSignal
  /** What to do where numbers are not finite; stop where left out. */
  onNonFinite?: OnNonFinite
  /** What steps are held against: floating-point operations per second of each process. Not told where left out. */
  peakRate?: number
  /** Bytes that the process may take, see `MemoryLimit`; what is held is not chosen by it where left out. */
  memory?: number
  /** Whether held-out documents are read when the recipe says; true where left out. */
  evaluates?: boolean
  /**
   * The schedule to go on by after these steps, until its steps are done; undefined ends the run. The recipe's own
   * where left out. A function of the steps alone, so that a run that was stopped goes on as if it hadn't been.
   */
  scheduleAfter?(steps: readonly StepLine[]): Schedule | undefined
}

/** What happens while a run is trained. */
export type TrainingEvent =
  | { kind: 'step'; line: StepLine; report: StepReport }
  | { kind: 'held-out'; step: number; result: HeldOutLoss }
  /** Numbers were not finite, and the run goes on behind the batch that they came from. */
  | { kind: 'passed-over'; reason: string; detail: string }
  /** The last one: everything is done, or the signal aborted, in an evaluation too; all is saved. */
  | { kind: 'done' | 'stopped' }
  /** The last one where numbers are not finite; nothing is saved after the last good checkpoint. */
  | { kind: 'failed'; reason: string; detail: string }

/**
 * Trains a run from where it stands to its end, or to a signal: metrics after every step, evaluations and checkpoints
 * when they are due. `run.state` moves on; between two events it is that of whole steps. Its folder is this process's own
 * meanwhile. Several ranks call it together: the events are those of all, and only the first one writes.
 *
 * @throws FileError if the file system refuses, or another process has the folder: what could be saved is saved, and it says what
 * @throws TrainingError if the data isn't that of the run, or the metrics that `scheduleAfter` takes aren't whole; DataError
 */
export async function* trainRun(options: TrainRunOptions): AsyncGenerator<TrainingEvent, void, void> {
  const { run, task } = options
  const found = task.record?.()
  const doubt = checkData(run.folder, run.data, found)
  const { onLeft = console.warn } = options
  if (doubt !== undefined) onLeft(doubt)
  const first = (options.communicator?.rank ?? 0) === 0
  const unlock = first ? takeFolder(run.folder) : () => undefined
  try {
    yield* trainAlone({ ...options, run: Object.assign(run, { data: found }) })
  } finally {
    unlock()
  }
}

function takeFolder(folder: string): () => void {
  try {
    makeFolder(folder)
    return lockFolder(folder)
  } catch (error) {
    throw asFileError(error, { remains: 'no step was taken, and what was saved before is as it was' })
  }
}

async function* trainAlone(options: TrainRunOptions): AsyncGenerator<TrainingEvent, void, void> {
  const { run, task, evaluates = true } = options
  const { system, state, folder } = run
  const { optimizer, seed } = run.recipe.training
  const ranks = new RunRanks(run, options, options.signal)
  const { signal, communicator } = ranks
  const metrics = new MetricsFile(folder, ranks.isFirst)
  metrics.goOnFrom(state.step)
  const steps = metrics.steps()
  if (options.scheduleAfter && steps.length !== state.step)
    throw new TrainingError(
      `'${folder}' has metrics of ${counted(steps.length, 'step')} and a checkpoint of step ${state.step}; remove it to begin again`,
    )
  const memory = memoryLimit(run, options.memory)
  const limit = flopLimit(run, options.peakRate, communicator.size)
  const saver = new RunSaver(options, metrics, options.scheduleAfter !== undefined, ranks)
  const recovery = new Recovery(run, metrics, options.onNonFinite ?? 'stop', ranks)
  const scheduleAfter =
    options.scheduleAfter ?? (() => (state.step < optimizer.schedule.steps ? optimizer.schedule : undefined))

  async function* evaluations(lastStep: number): AsyncGenerator<TrainingEvent, void, void> {
    const { step, params } = state
    const due = step > 0 && (step % run.recipe.evaluation.every === 0 || step === lastStep)
    if (!evaluates || !due || task.heldOut.length === 0) return
    if (await ranks.decide(metrics.hasHeldOut(step))) return
    const documents = task.heldOut.map(({ tokens }) => tokens)
    const result = await evaluate(system, params, documents, {
      bosToken: task.bosToken,
      signal,
      communicator,
    })
    metrics.add({ kind: 'held-out', step, ...result, at: secondsNow() })
    yield { kind: 'held-out', step, result }
  }

  /** @returns whether everything that was to be done is done */
  async function* toItsEnd(): AsyncGenerator<TrainingEvent, boolean, void> {
    yield* evaluations(optimizer.schedule.steps)
    for (let schedule = scheduleAfter(steps); schedule && !signal.aborted; schedule = scheduleAfter(steps)) {
      run.recipe = withSchedule(run.recipe, schedule)
      const { step } = state
      const { batch, length, microBatch, until } = batchShapeAt(run.recipe.training, step)
      const batches = task.stream({
        seed: seedsOf(seed).data,
        batch,
        length,
        cursor: state.cursor,
        signal,
        rows: ranks.rowsOf(batch),
      })
      const data = firstOf(batches, until - step)
      const rest = {
        optimizer: { ...optimizer, schedule },
        microBatch,
        signal,
        ranks: ranks.parallel,
        ...(memory && { memoryBudget: () => memory.next() }),
      }
      let startedAt = performance.now()
      try {
        for await (const report of train({ system, state, data, ...rest })) {
          recovery.stepTaken()
          const line = stepLine(report, (performance.now() - startedAt) / 1000, limit)
          metrics.add(line)
          steps.push(line)
          yield { kind: 'step', line, report }
          await ranks.heedSignals()
          await saver.saveIfDue()
          yield* evaluations(schedule.steps)
          startedAt = performance.now()
        }
      } catch (error) {
        const detail = isNonFinite(error) ? await recovery.passOver(error) : undefined
        if (detail === undefined) throw error
        steps.length = state.step
        yield { kind: 'passed-over', reason: (error as Error).message, detail }
        continue
      }
      // The data has come to an end, and not only that of one length.
      if (state.step === step) break
    }
    return scheduleAfter(steps) === undefined
  }

  try {
    let isDone = false
    try {
      isDone = yield* toItsEnd()
    } catch (error) {
      if (error !== signal.reason) throw error
    }
    await saver.save()
    yield { kind: isDone ? 'done' : 'stopped' }
  } catch (error) {
    if (error instanceof FileError) throw await saver.rescue(error)
    if (!isNonFinite(error)) throw error
    const detail = `${await spoiltParameter(run)}; ${whatToTry(run)}`
    noteFailure(metrics, state.step, error.message)
    yield { kind: 'failed', reason: error.message, detail }
  }
}

/** Where the sequences change their length, other batches begin. */
async function* firstOf<Each>(batches: AsyncIterable<Each>, count: number): AsyncGenerator<Each, void, void> {
  if (count <= 0) return
  for await (const batch of batches) {
    yield batch
    if (--count === 0) return
  }
}

/** That it can't be written down is no news beside the failure itself. */
function noteFailure(metrics: MetricsFile, step: number, reason: string): void {
  try {
    metrics.add({ kind: 'failed', step, reason, at: secondsNow() })
  } catch (error) {
    if (!(error instanceof FileError)) throw error
  }
}

/** @param bytes of the whole process @throws TrainingError where nothing would fit */
function memoryLimit({ system, state, recipe }: Run, bytes: number | undefined): MemoryLimit | undefined {
  if (bytes === undefined) return undefined
  return new MemoryLimit(bytes, trainedTree(system, state.params, recipe.training.trains ?? 'all'))
}

/** @param peakRate of each of the processes */
function flopLimit(
  { system, recipe }: Run,
  peakRate: number | undefined,
  processes: number,
): FlopLimit | undefined {
  if (peakRate === undefined) return undefined
  const { length, trains = 'all' } = recipe.training
  const { training } = countFlops(system, length, trains !== 'all')
  return { flopsPerSecond: peakRate * processes, flopsPerToken: training }
}

function withSchedule(recipe: Run['recipe'], schedule: Schedule): Run['recipe'] {
  const { training } = recipe
  return { ...recipe, training: { ...training, optimizer: { ...training.optimizer, schedule } } }
}

/**
 * What may help. A checkpoint of the step that failed has the parameters that it failed with: only one from before is
 * named, and since the same settings lead to the same numbers, another rate with it.
 */
function whatToTry({ folder, state, recipe }: Run): string {
  const { peakLearningRate } = recipe.training.optimizer.schedule
  const lower = `training.optimizer.schedule.peakLearningRate=${(peakLearningRate / 3).toPrecision(1)}`
  const checkpoint = listCheckpoints(folder).findLast((path) => stepOf(path) < state.step)
  return checkpoint === undefined
    ? `no checkpoint is from before it; begin again with --set ${lower} or a lower size.innerRate`
    : `the same settings fail there again: --resume from before it with --set ${lower}; last good checkpoint: ${checkpoint}`
}

const stepOf = (path: string) => Number(/step-(\d+)/.exec(basename(path))?.[1])

/** Which of the parameters is not finite, in words. */
async function spoiltParameter({ state }: Run): Promise<string> {
  const named = treeEntries(state.params)
  const values = await read(named.map(([, tensor]) => tensor))
  const spoilt = values.findIndex((each) => !each.every(Number.isFinite))
  return spoilt >= 0 ? `the parameter ${named[spoilt][0]} is not finite` : 'all parameters are finite'
}
