import type { Difference, TaskResults } from '../results'
import { pairedDifference } from '../statistics'
import { columnMeans } from './index-ranges'

/** The system that the others are set against. */
export const subject = 'ttt-e2e'

/** Fills in what follows from the measurements: means over documents and seeds, and the paired differences. */
export function summarise(task: TaskResults): void {
  for (const system of task.systems)
    if (system.evaluations.length > 0)
      system.loss = columnMeans(system.evaluations.flatMap(({ perDocument }) => perDocument))
  task.differences = task.systems.flatMap(({ name }) => {
    const difference = name === subject ? undefined : differenceTo(task, name)
    return difference ? [difference] : []
  })
}

/** At the last range, over the seeds that both were evaluated for. */
function differenceTo(task: TaskResults, name: string): Difference | undefined {
  const evaluationsOf = (wanted: string) =>
    task.systems.find((system) => system.name === wanted)?.evaluations ?? []
  const theirs = evaluationsOf(name)
  const pairs = evaluationsOf(subject).flatMap((ours) => {
    const their = theirs.find(({ seed }) => seed === ours.seed)
    return their ? [[ours.perDocument, their.perDocument]] : []
  })
  if (pairs.length === 0) return undefined
  const last = task.ranges.length - 1
  const atLast = (rows: number[][]) => rows.map((row) => row[last])
  return {
    system: name,
    ...pairedDifference(
      pairs.map(([ours]) => atLast(ours)),
      pairs.map(([, theirs]) => atLast(theirs)),
    ),
  }
}
