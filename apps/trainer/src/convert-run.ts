import { hasTrainingState, loadTrainingState, orbaxAt, saveCheckpoint } from '@ttt-e2e/checkpoint'
import { UserError } from '@ttt-e2e/cli'
import { disposeRun, type Recipe } from '@ttt-e2e/meta-outer'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { openTask } from '@ttt-e2e/training'

/**
 * Makes a run to go on with of a checkpoint of the authors': weights, moments, steps and the place in the data, under the
 * recipe that it is trained by.
 *
 * @returns the run's step; undefined for a checkpoint of weights alone, of which nothing is written
 * @throws UserError for anything but such a checkpoint; CheckpointError where the recipe isn't its own
 */
export async function convertRun(from: string, to: string, recipe: Recipe): Promise<number | undefined> {
  const folder = await orbaxAt(from)
  if (!folder)
    throw new UserError(
      `--recipe says what a checkpoint of Orbax is, which doesn't say it itself; '${from}' is none, convert it without`,
    )
  if (!(await hasTrainingState(folder))) return undefined
  const engine = await resolveEngine('cpu')
  const isKnown = !('path' in recipe.data) || recipe.data.path !== ''
  const data = isKnown ? (await openTask(recipe)).record?.() : undefined
  const { system, state } = await loadTrainingState(folder, recipe)
  try {
    await saveCheckpoint(to, { recipe, state, engine, system, ...(data && { data }) })
    return state.step
  } finally {
    disposeRun(state)
  }
}
