import { join } from 'node:path'
import type { Precision } from '@ttt-e2e/tensor-ops'
import { RunStore } from '../run-store'
import type { Task } from '../tasks'
import type { Comparison } from './comparison'
import { runsOf, type RunWork } from './run-work'

/** Where a run is stored. */
export const storeOf = (root: string, { task, system, seed }: RunWork) =>
  new RunStore(join(root, task, system, `seed-${seed}`))

/**
 * Makes the folders of all runs, or checks that what is stored there is what is asked for.
 *
 * @throws UserError
 */
export function openStores(task: Task, comparison: Comparison): void {
  const { store, precision, provenance } = comparison
  for (const work of runsOf(task.name, comparison))
    storeOf(store, work).open(recipeOf(task, work, precision), provenance)
}

function recipeOf(task: Task, { system, seed }: RunWork, precision: Precision) {
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
