import type { WithInterval } from '@ttt-e2e/report'
import { columnMeans } from '@ttt-e2e/training'
import type { Measurement, TaskResults } from '../../experiment/results'
import { bootstrapMean, pairedDifference, type PairedDifference } from '../../statistics'

/** The system that the others are set against: TTT-E2E, or the model that was given. */
export const subjectOf = ({ given }: Pick<TaskResults, 'given'>): string => given?.name ?? 'ttt-e2e'

export interface LossSummary {
  /** Mean nats in each range over documents and seeds, by system. */
  loss: Record<string, number[]>
  /** At the last range, with its interval over documents and seeds, by system. */
  last: Record<string, WithInterval>
  /** The subject against each other system at the last range. */
  differences: Difference[]
}

/** Nats of the subject less those of the system: negative where the subject is better. No interval with fewer than two documents. */
export interface Difference extends PairedDifference {
  system: string
}

type Measured = Measurement<number[][]>[]

/** Means over documents and seeds, and the paired differences. */
export function summariseLoss(measured: Measured, task: TaskResults): LossSummary {
  const { systems, ranges } = task
  const subject = subjectOf(task)
  const of = (name: string) => measured.filter(({ system }) => system === name)
  const read = systems.map(({ name }) => name).filter((name) => of(name).length > 0)
  return {
    loss: Object.fromEntries(read.map((name) => [name, columnMeans(of(name).flatMap(({ value }) => value))])),
    last: Object.fromEntries(
      read.map((name) => [
        name,
        bootstrapMean(of(name).map(({ value }) => value.map((row) => row[ranges.length - 1]))),
      ]),
    ),
    differences: read.flatMap((name) => {
      const difference = name === subject ? undefined : differenceAt(ranges.length - 1, of(subject), of(name))
      return difference ? [{ system: name, ...difference }] : []
    }),
  }
}

/** At one range, over the seeds that both were measured for. */
function differenceAt(range: number, ours: Measured, theirs: Measured): PairedDifference | undefined {
  const pairs = ours.flatMap(({ seed, value }) => {
    const their = theirs.find((each) => each.seed === seed)
    return their ? [[value, their.value]] : []
  })
  if (pairs.length === 0) return undefined
  const atRange = (rows: number[][]) => rows.map((row) => row[range])
  return pairedDifference(
    pairs.map(([our]) => atRange(our)),
    pairs.map(([, their]) => atRange(their)),
  )
}
