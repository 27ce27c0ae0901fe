import type { Recipe, RunState } from '@ttt-e2e/meta-outer'
import { buildSystem } from '@ttt-e2e/baselines'
import { disposeTree, treeForm } from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import { CheckpointError } from '../../checkpoint-error'
import { readText, type ModelFolder } from '../../folders/model-folder'
import { loadStored, loadTree } from '../../load-tree'
import { parseJson } from '../parse-json'
import { orbaxArrays, type OrbaxArrays } from './arrays'
import { items, openOrbax } from './open'
import { stackedWeights } from './weights'

const counts = ['1.0.count', '1.2.count'] as const
const moments = { firstMoments: '1.0.mu.', secondMoments: '1.0.nu.' } as const
const progressFile = 'train_ds_iter/global_batch_progress.json'

/** Whether a checkpoint has what training goes on from; the published ones have not. */
export const hasTrainingState = async (folder: ModelFolder): Promise<boolean> =>
  (await folder.open(`${items.optimizer}/manifest.ocdbt`)) !== undefined

/**
 * What training goes on from: weights, AdamW's moments, the steps taken and the place in the data.
 *
 * @param recipe that it is trained by; the checkpoint doesn't say
 * @returns the receiver's own
 * @throws CheckpointError listing everything that doesn't match
 */
export async function loadTrainingState(
  folder: ModelFolder,
  recipe: Recipe,
): Promise<{ system: System; state: RunState }> {
  const stored = await openOrbax(folder, { recipe })
  const arrays = await orbaxArrays(folder, items.optimizer)
  if (!arrays) throw new CheckpointError(folder.name, [`there is no ${items.optimizer}`])
  const { system, params } = await loadStored(stored, folder.name, {})
  const loaded: Params[] = [params]
  try {
    const load = async (prefix: string) => {
      const tree = await loadMoments(stored.architecture, arrays, prefix, folder.name)
      loaded.push(tree)
      return tree
    }
    const firstMoments = await load(moments.firstMoments)
    const secondMoments = await load(moments.secondMoments)
    const step = await stepsOf(arrays, folder)
    const { batch, length } = recipe.training
    const batches = await batchesTaken(folder, step)
    const state = {
      params,
      firstMoments,
      secondMoments,
      step,
      tokens: step * batch * length,
      cursor: { nextSample: batches * batch },
    }
    return { system, state }
  } catch (error) {
    disposeTree(loaded)
    throw error
  }
}

/** The weights of a checkpoint as those of a recipe's system, the receiver's own. @throws CheckpointError listing everything that doesn't match */
export async function loadOrbaxWeights(folder: ModelFolder, recipe: Recipe): Promise<Params> {
  return (await loadStored(await openOrbax(folder, { recipe }), folder.name, {})).params
}

async function loadMoments(
  architecture: Parameters<typeof buildSystem>[0],
  arrays: OrbaxArrays,
  prefix: string,
  place: string,
): Promise<Params> {
  const { decoder } = buildSystem(architecture)
  const others = (name: string) => !name.startsWith(prefix)
  const { weights, problems } = stackedWeights(architecture, arrays, { prefix, others })
  const tree =
    problems.length > 0
      ? undefined
      : await loadTree(treeForm(decoder.init), { weights, weightsFile: items.optimizer }, problems)
  if (tree) return tree
  throw new CheckpointError(
    place,
    problems.map((problem) => `${items.optimizer}: ${problem}`),
  )
}

async function stepsOf(arrays: OrbaxArrays, folder: ModelFolder): Promise<number> {
  const found = await Promise.all(
    counts.map(async (name) => (arrays.shapes.has(name) ? (await arrays.read(name)).values[0] : undefined)),
  )
  const [steps] = found
  if (steps !== undefined && Number.isInteger(steps) && steps >= 0 && found.every((each) => each === steps))
    return steps
  throw new CheckpointError(folder.name, [
    `${items.optimizer}: the steps taken are ${found.join(' and ')}; ${counts.join(' and ')} must be one whole number`,
  ])
}

/** The authors' loader counts batches; without its file, as many as there were steps. */
async function batchesTaken(folder: ModelFolder, step: number): Promise<number> {
  const text = await readText(folder, progressFile)
  if (text === undefined) return step
  const next = (parseJson(text) as { next_index?: unknown } | null | undefined)?.next_index
  if (typeof next === 'number' && Number.isSafeInteger(next) && next >= 0) return next
  throw new CheckpointError(folder.name, [`${progressFile}: next_index is not a whole number`])
}
