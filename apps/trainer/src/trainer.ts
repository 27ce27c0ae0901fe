import { abortOnSignals, formatBytes, gitHash, Progress, UserError, type Rank } from '@ttt-e2e/cli'
import '@ttt-e2e/kernels/engines'
import { disposeRun } from '@ttt-e2e/meta-outer'
import { alone, resolveEngine } from '@ttt-e2e/tensor-ops'
import { openTask, peakRate, recipeNamed, resolveRecipe, trainRun } from '@ttt-e2e/training'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { dryRun } from './dry-run'
import { openRun, runFolder } from './open-run'
import type { TrainerOptions } from './options'
import { recordTraining } from './record-training'
import { showTraining } from './show-training'

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
  const { communicator } = rank
  const progress = new Progress(process.stdout, !rank.isFirst)
  const folder = runFolder(options, caller)
  const recipe =
    options.resume === undefined ? resolveRecipe(recipeNamed(options.recipe!), options) : undefined
  const { threads = rank.threads, saveEvery, spare, memory, onNonFinite, deterministic } = options
  let engine = await resolveEngine(options.engine, { threads, precision: options.precision })
  if (memory !== undefined && !inProcess.has(engine.name))
    throw new UserError(
      `--memory counts what the process holds, and the engine ${engine.name} holds tensors elsewhere; take ${[...inProcess].join(', ')}`,
    )
  if (options.dryRun && recipe && !recipe.warmStart) {
    progress.print(engine.line)
    for (const line of await dryRun(recipe, options)) progress.print(line)
    return 0
  }
  const onProgress = (what: string, share: number) =>
    progress.update(`text ${what}: ${Math.floor(100 * share)} %`)
  // Before anything is written: data that isn't there leaves no folder behind. A pretrained model brings its tokenizer.
  const newTask = recipe && !recipe.warmStart ? await openTask(recipe, { onProgress }) : undefined
  const run = await openRun(options, recipe, folder, (reason) => progress.print(reason))
  if (run.precision !== engine.precision)
    engine = await resolveEngine(options.engine, { threads, precision: run.precision })
  progress.print(engine.line)
  if (communicator.size > 1)
    progress.print(`${counted(communicator.size, 'rank')}, each with ${counted(threads!, 'thread')}`)
  if (options.dryRun) {
    for (const line of await dryRun(run.recipe, { ...options, run })) progress.print(line)
    disposeRun(run.state)
    return 0
  }
  const task = newTask ?? (await openTask(run.recipe, { tokenizer: run.tokenizer, onProgress }))
  if (recipe) for (const note of task.notes) progress.print(note)
  const { signal, restore } = abortOnSignals(() =>
    progress.print('stopping and saving; a second signal quits at once'),
  )
  try {
    const onLeft = (reason: string) => progress.print(reason)
    const together = { communicator, ...(deterministic && { deterministic }) }
    const saving = { saveEvery, spare, onLeft, gitHash: gitHash() }
    const machine = { peakRate: await peakRate(), memory }
    const events = trainRun({ run, task, engine, ...saving, ...together, ...machine, onNonFinite, signal })
    const recorded = rank.isFirst ? recordTraining(run, events, (told) => progress.print(told)) : events
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
