import { join } from 'node:path'
import { definitionOf } from '@ttt-e2e/baselines'
import { RunStore } from '../run-store'
import type { Task } from '../tasks'
import type { Comparison } from './comparison'
import { stepsOf } from './training-plan'

/** Where a run is stored. */
export const storeOf = (root: string, task: Task, system: string, seed: number) =>
  new RunStore(join(root, task.name, system, `seed-${seed}`))

/**
 * Makes the folders of all runs, or checks that what is stored there is what is asked for.
 *
 * @throws UserError
 */
export function openStores(task: Task, { systems, seeds, store, provenance }: Comparison): void {
  for (const name of systems.filter((each) => definitionOf(each).weightsOf === undefined))
    for (let seed = 0; seed < seeds; seed++)
      storeOf(store, task, name, seed).open(recipeOf(task, name, seed), provenance)
}

function recipeOf(task: Task, system: string, seed: number) {
  // The steps of other systems are none of its business.
  const training = { ...task.training, steps: stepsOf(task.training, system), stepsOf: undefined }
  return {
    schemaVersion: 1,
    task: task.name,
    data: task.data,
    system,
    size: task.size,
    training,
    seed,
  }
}
