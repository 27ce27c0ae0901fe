import {
  abortOnSignals,
  formatBytes,
  gitHash,
  heedSignals,
  interruptedExitCode,
  interruptions,
  Progress,
  UserError,
  type Rank,
} from '@ttt-e2e/cli'
import '@ttt-e2e/kernels/engines'
import { disposeRun } from '@ttt-e2e/meta-outer'
import { alone, resolveEngine, type ResolvedEngine } from '@ttt-e2e/tensor-ops'
import { rmdirSync } from 'node:fs'
import {
  openTask,
  peakRate,
  recipeNamed,
  resolveRecipe,
  trainRun,
  type Run,
  type Task,
} from '@ttt-e2e/training'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { isThere } from '@ttt-e2e/tensor-ops/files'
import { dryRun } from './dry-run'
import { openRun, runFolder } from './open-run'
import type { TrainerOptions } from './options'
import { recordTraining } from './record-training'
import { showTraining, stoppedBefore } from './show-training'

/** Engines whose tensors are in the process's own memory. */
const inProcess = new Set(['native', 'wasm', 'cpu'])

/**
 * Trains as asked, or says what it would take; a signal saves and ends it.
 *
 * @param caller the folder that the caller works in
 * @param rank which of the processes that train together this is
 * @returns the exit code: 0 done, 1 a loss that isn't finite, 130 stopped by a signal and saved
 * @throws UserError, TrainingError, DataError, EngineError or CheckpointError for a request that can't be met
 */
export async function trainer(
  options: TrainerOptions,
  caller: string,
  rank: Rank = { communicator: alone, isFirst: true },
): Promise<number> {
  const progress = new Progress(process.stdout, !rank.isFirst)
  const folder = runFolder(options, caller)
  const isNew = rank.isFirst && !isThere(folder)
  const giveUp = heedSignals(interruptions, () => {
    progress.print(stoppedBefore)
    if (isNew) removeIfEmpty(folder)
    process.exit(interruptedExitCode)
  })
  let opened: Opened | undefined
  try {
    opened = await open(options, folder, rank, progress)
  } finally {
    giveUp()
  }
  if (!opened) return 0
  const code = await trainOpened(opened, options, rank, progress)
  if (isNew) removeIfEmpty(folder)
  return code
}

/** A run that was stopped before its first step leaves no folder. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // There is something in it, or it was never made.
  }
}

interface Opened {
  run: Run
  task: Task
  engine: ResolvedEngine
}

/** @returns what is to be trained; undefined where only that was asked for which a dry run says */
async function open(
  options: TrainerOptions,
  folder: string,
  rank: Rank,
  progress: Progress,
): Promise<Opened | undefined> {
  const recipe =
    options.resume === undefined ? resolveRecipe(recipeNamed(options.recipe!), options) : undefined
  const { threads = rank.threads, memory } = options
  let engine = await resolveEngine(options.engine, { threads, precision: options.precision })
  if (memory !== undefined && !inProcess.has(engine.name))
    throw new UserError(
      `--memory counts what the process holds, and the engine ${engine.name} holds tensors elsewhere; take ${[...inProcess].join(', ')}`,
    )
  if (options.dryRun && recipe && !recipe.warmStart) {
    progress.print(engine.line)
    for (const line of await dryRun(recipe, options)) progress.print(line)
    return undefined
  }
  const onProgress = (what: string, share: number) =>
    progress.update(`text ${what}: ${Math.floor(100 * share)} %`)
  // Before anything is written: data that isn't there leaves no folder behind. A pretrained model brings its tokenizer.
  const newTask = recipe && !recipe.warmStart ? await openTask(recipe, { onProgress }) : undefined
  const run = await openRun(options, recipe, folder, (reason) => progress.print(reason))
  if (run.precision !== engine.precision)
    engine = await resolveEngine(options.engine, { threads, precision: run.precision })
  progress.print(engine.line)
  const { size } = rank.communicator
  if (size > 1) progress.print(`${counted(size, 'rank')}, each with ${counted(threads!, 'thread')}`)
  if (options.dryRun) {
    for (const line of await dryRun(run.recipe, { ...options, run })) progress.print(line)
    disposeRun(run.state)
    return undefined
  }
  const task = newTask ?? (await openTask(run.recipe, { tokenizer: run.tokenizer, onProgress }))
  if (recipe) for (const note of task.notes) progress.print(note)
  return { run, task, engine }
}

async function trainOpened(
  { run, task, engine }: Opened,
  { saveEvery, spare, memory, onNonFinite, deterministic }: TrainerOptions,
  { communicator, isFirst }: Rank,
  progress: Progress,
): Promise<number> {
  const { signal, restore } = abortOnSignals(() =>
    progress.print('stopping and saving; a second signal quits at once'),
  )
  try {
    const onLeft = (reason: string) => progress.print(reason)
    const together = { communicator, ...(deterministic && { deterministic }) }
    const saving = { saveEvery, spare, onLeft, gitHash: gitHash() }
    const machine = { peakRate: await peakRate(), memory }
    const events = trainRun({ run, task, engine, ...saving, ...together, ...machine, onNonFinite, signal })
    const recorded = isFirst ? recordTraining(run, events, (told) => progress.print(told)) : events
    const code = await showTraining(run, task, recorded, progress)
    if (memory !== undefined) progress.print(describePeak(memory))
    return code
  } finally {
    progress.clear()
    restore()
    disposeRun(run.state)
  }
}

function describePeak(memory: number): string {
  const peak = process.resourceUsage().maxRSS * 1024
  return `the process held at most ${formatBytes(peak)}; ${peak <= memory ? 'allowed were' : 'that is MORE than'} ${formatBytes(memory)}`
}
