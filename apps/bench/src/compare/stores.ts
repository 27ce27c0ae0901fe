import { join } from 'node:path'
import { definitionOf } from '@ttt-e2e/baselines'
import type { Precision } from '@ttt-e2e/tensor-ops'
import { RunStore } from '../run-store'
import type { Task } from '../tasks'
import type { Comparison } from './comparison'

/** Where a run is stored. */
export const storeOf = (root: string, task: Task, system: string, seed: number) =>
  new RunStore(join(root, task.name, system, `seed-${seed}`))

/**
 * Makes the folders of all runs, or checks that what is stored there is what is asked for.
 *
 * @throws UserError
 */
export function openStores(task: Task, { systems, seeds, store, precision, provenance }: Comparison): void {
  for (const name of systems.filter((each) => definitionOf(each).weightsOf === undefined))
    for (let seed = 0; seed < seeds; seed++)
      storeOf(store, task, name, seed).open(recipeOf(task, name, seed, precision), provenance)
}

function recipeOf(task: Task, system: string, seed: number, precision: Precision) {
  return {
    schemaVersion: 1,
    task: task.name,
    data: task.data,
    system,
    size: task.size,
    training: task.training,
    seed,
    precision,
  }
}
