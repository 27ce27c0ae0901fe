import type { Results } from '../results'
import type { MeasuredRun, RunWork } from './run-work'
import { summarise } from './summarise'

/** Writes a measured run into the results, which don't depend on the order in which runs end. */
export function placeRun(
  { tasks }: Pick<Results, 'tasks'>,
  { task, system, seed }: RunWork,
  { run, evaluations }: MeasuredRun,
): void {
  const results = tasks.find(({ name }) => name === task)!
  for (const each of results.systems) {
    if (each.name === system || each.weightsOf === system) insert(each.runs, run)
    for (const { system: reader, perDocument } of evaluations)
      if (each.name === reader) insert(each.evaluations, { seed, perDocument })
  }
  summarise(results)
}

function insert<T extends { seed: number }>(list: T[], item: T): void {
  list.push(item)
  list.sort((a, b) => a.seed - b.seed)
}
