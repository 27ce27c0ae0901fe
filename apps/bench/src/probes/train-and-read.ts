import { createSystem } from '@ttt-e2e/baselines'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { openTask } from '@ttt-e2e/training'
import { readDocuments } from '@ttt-e2e/ttt-inner'
import { pieceOf } from '../piece-of'
import type { ModelsContext, TrainedModel } from './probe'

/** How a model of a probe's own was trained. */
export interface HowTrained {
  steps: number
  tokens: number
  converged: boolean
  /** What the convergence rule saw. */
  verdict: string
}

const howTrained = ({ run, converged, verdict }: TrainedModel): HowTrained => ({
  steps: run.steps.length,
  tokens: run.tokens,
  converged,
  verdict,
})

export interface TrainAndRead {
  /** Of the model's folder. */
  name: string
  recipe: Recipe
  system: string
  /** Systems that read with its weights; itself where left out. */
  readers?: readonly string[]
  /** Folder of a run whose weights it begins with. */
  from?: string
}

export interface ReadLosses {
  how: HowTrained
  /** Folder of the run. */
  folder: string
  /** Nats of the held-out documents' targets [documents][length], by reader. */
  losses: Record<string, Float32Array[]>
}

/** Trains a model by a recipe and reads the recipe's held-out documents with it. @throws the signal's reason */
export async function trainAndRead(
  { train, signal }: Pick<ModelsContext, 'train' | 'signal'>,
  { name, recipe, system, readers = [system], from }: TrainAndRead,
): Promise<ReadLosses> {
  const model = await train({ name, recipe, system, from })
  const task = await openTask(recipe)
  try {
    const losses: ReadLosses['losses'] = {}
    for (const reader of readers)
      losses[reader] = await readDocuments({
        system: createSystem(reader, recipe.size),
        params: model.params,
        documents: task.heldOut.map(({ tokens }) => tokens),
        piece: pieceOf(recipe.size.window),
        bosToken: task.bosToken,
        signal,
      })
    return { how: howTrained(model), folder: model.folder, losses }
  } finally {
    model.dispose()
  }
}

/** `Not converged: …`, or nothing where all were. */
export function notConverged(runs: readonly { name: string; how: HowTrained }[]): string[] {
  const named = runs
    .filter(({ how }) => !how.converged)
    .map(({ name, how }) => `${name} (${how.steps} steps: ${how.verdict})`)
  return named.length === 0 ? [] : [`Not converged: ${named.join('; ')}. Trained longer they may do better.`]
}
