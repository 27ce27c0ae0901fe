import { columnMeans } from '@ttt-e2e/training'
import type { Measurement, TaskResults } from '../../experiment/results'
import { pairedDifference, type PairedDifference } from '../../statistics'

export interface ChunkLosses {
  /** Mean nats at each place within a chunk, over documents and seeds. */
  byPlace: number[]
  /** The last quarter of the places less the first: a saw-tooth's height, paired by document. */
  rise: PairedDifference
}

/** By system. */
export type ChunkSummary = Record<string, ChunkLosses>

export function summariseInChunk(
  measured: Measurement<number[][]>[],
  { systems }: TaskResults,
): ChunkSummary {
  const of = (name: string) => measured.filter(({ system }) => system === name).map(({ value }) => value)
  return Object.fromEntries(
    systems.flatMap(({ name }) => {
      const values = of(name)
      return values.length === 0
        ? []
        : [[name, { byPlace: columnMeans(values.flat()), rise: riseOf(values) }]]
    }),
  )
}

/** @param values [seeds][documents][chunk] */
function riseOf(values: readonly number[][][]): PairedDifference {
  const quarter = Math.max(1, Math.floor(values[0][0].length / 4))
  const meanOf = (part: (row: number[]) => number[]) =>
    values.map((rows) => rows.map((row) => part(row).reduce((sum, nats) => sum + nats, 0) / quarter))
  return pairedDifference(
    meanOf((row) => row.slice(-quarter)),
    meanOf((row) => row.slice(0, quarter)),
  )
}
