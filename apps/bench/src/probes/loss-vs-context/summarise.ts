import { columnMeans } from '@ttt-e2e/training'
import type { Measurement, TaskResults } from '../../experiment/results'
import { pairedDifference, slopeOf, type PairedDifference } from '../../statistics'
import { reference, type ContextLosses } from './measure'

export interface ContextSummary {
  /** Mean nats of the first tokens by system, for each context of the task. */
  loss: Record<string, number[]>
  /** Each system less full attention; empty where that wasn't read with. */
  differences: ContextDifference[]
}

/** Nats of a system less those of full attention; negative where the system is better. */
export interface ContextDifference {
  system: string
  /** For each context of the task. */
  byContext: PairedDifference[]
  /** Change with each doubling of the context, over all contexts and over those from the training length on. */
  slope: PairedDifference
  slopeBeyond?: PairedDifference
}

type Measured = Measurement<ContextLosses>[]

export function summariseContexts(measured: Measured, task: TaskResults): ContextSummary {
  const { contexts, systems, recipe } = task
  const of = (name: string) => measured.filter(({ system }) => system === name)
  const read = systems.map(({ name }) => name).filter((name) => of(name).length > 0)
  const beyond = contexts.findIndex((context) => context >= recipe.training.length)
  return {
    loss: Object.fromEntries(
      read.map((name) => [name, columnMeans(of(name).flatMap(({ value }) => value.loss))]),
    ),
    differences: read.flatMap((name) => {
      const pairs = name === reference ? [] : pairsOf(of(name), of(reference))
      if (pairs.length === 0) return []
      const compare = (valueOf: (row: number[]) => number) =>
        pairedDifference(
          pairs.map(([ours]) => ours.loss.map(valueOf)),
          pairs.map(([, theirs]) => theirs.loss.map(valueOf)),
        )
      const slopeFrom = (first: number) => {
        const doublings = contexts.slice(first).map(Math.log2)
        // The slope of a difference is the difference of the slopes.
        return compare((row) => slopeOf(doublings, row.slice(first)))
      }
      return [
        {
          system: name,
          byContext: contexts.map((_, i) => compare((row) => row[i])),
          slope: slopeFrom(0),
          ...(beyond >= 0 && contexts.length - beyond > 1 && { slopeBeyond: slopeFrom(beyond) }),
        },
      ]
    }),
  }
}

/** What both were measured of with the same seeds. */
const pairsOf = (ours: Measured, theirs: Measured): [ContextLosses, ContextLosses][] =>
  ours.flatMap(({ seed, value }) => {
    const their = theirs.find((each) => each.seed === seed)
    return their ? [[value, their.value]] : []
  })
