import type { Measurement, TaskResults } from '../../experiment/results'
import { pairedDifference, type PairedDifference } from '../../statistics'
import { subjectOf } from '../loss-by-index/summarise'
import { partsOf } from './parts'

/** The subject less another system, negative where the subject is better. */
export interface PartDifferences {
  system: string
  /** In each part. */
  byPart: PairedDifference[]
  /** Each part's share of the sum of the differences over all tokens; not of one sign where they aren't. */
  share: number[]
}

export function summariseParts(measured: Measurement<number[][]>[], task: TaskResults): PartDifferences[] {
  const parts = partsOf(task.recipe)
  const subject = subjectOf(task)
  const of = (name: string) => measured.filter(({ system }) => system === name)
  return task.systems.flatMap(({ name }) => {
    const pairs = of(subject).flatMap(({ seed, value }) => {
      const theirs = name === subject ? undefined : of(name).find((each) => each.seed === seed)
      return theirs ? [[value, theirs.value]] : []
    })
    if (pairs.length === 0) return []
    const byPart = parts.map((_, part) =>
      pairedDifference(
        pairs.map(([ours]) => ours.map((row) => row[part])),
        pairs.map(([, theirs]) => theirs.map((row) => row[part])),
      ),
    )
    const sums = byPart.map(({ mean }, part) => mean * (parts[part].to - parts[part].from))
    const all = sums.reduce((a, b) => a + b, 0)
    return [{ system: name, byPart, share: sums.map((sum) => sum / all) }]
  })
}
