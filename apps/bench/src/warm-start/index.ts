import { openOutputFolder, Progress, untilSignal } from '@ttt-e2e/cli'
import { formatTable } from '@ttt-e2e/report'
import '@ttt-e2e/kernels/engines'
import { resolveEngine, type Precision } from '@ttt-e2e/tensor-ops'
import { indexRanges, openTask, recipeNamed, resolveRecipe } from '@ttt-e2e/training'
import { join } from 'node:path'
import { bestRate } from './best-rate'
import { LossFile } from './loss-file'
import { obtainRun } from './obtain-run'
import { readersOf, type Reading } from './readers'
import { differencesTable, lossesTable } from './tables'

export interface WarmStartBench {
  /** The pretrained model: a folder or a file. */
  model: string
  out: string
  settings: readonly string[]
  rates: readonly number[]
  documents?: number
  engine: string
  precision?: Precision
  threads?: number
}

/**
 * Trains a pretrained transformer to learn while it reads, and its twin that never learns on the same tokens; then reads
 * held-out books with both and with the controls. What is there already isn't done again.
 *
 * @returns the exit code
 */
export async function warmStart(options: WarmStartBench): Promise<number> {
  const { model, out, settings, precision, threads } = options
  const progress = new Progress()
  const engine = await resolveEngine(options.engine, { precision, threads })
  progress.print(engine.line)
  openOutputFolder(out)
  const recipe = resolveRecipe(recipeNamed('pretrained/books'), { settings, initFrom: model })
  const folders = { learning: join(out, 'ttt-e2e'), twin: join(out, 'ttt-static') }
  return await untilSignal(progress, 'stopping; what is done is kept', async (signal) => {
    for (const [folder, system] of [
      [folders.learning, 'ttt-e2e'],
      [folders.twin, 'ttt-static'],
    ] as const)
      await obtainRun({ folder, recipe: { ...recipe, system }, engine, signal, progress })
    const { tokenizer, ...readers } = await readersOf(recipe, folders)
    const evaluation = { ...recipe.evaluation, documents: options.documents ?? Infinity }
    const { heldOut, bosToken } = await openTask({ ...recipe, evaluation }, { tokenizer })
    progress.print(`${heldOut.length} held-out documents of ${recipe.evaluation.length} tokens`)
    const losses = new LossFile(join(out, 'losses.json'), indexRanges(recipe.evaluation.length))
    const rate = await bestRate(readers, recipe, { ...options, tokenizer, losses, signal, progress })
    const measured: Reading[] = []
    for (const reader of readers.all(rate))
      measured.push(await losses.of(reader, heldOut, { signal, progress, bosToken }))
    for (const table of [lossesTable(measured, losses.ranges), differencesTable(measured, losses.ranges)])
      progress.print(`\n${formatTable(table)}`)
    return 0
  })
}
