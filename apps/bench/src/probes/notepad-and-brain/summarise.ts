import type { Measurement, TaskResults } from '../../experiment/results'
import { pairedDifference, type PairedDifference } from '../../statistics'
import { ways, type Kept, type Way } from './measure'

export interface WaySummary {
  nats: number
  /** Against neither: negative is better; of neither itself absent. */
  difference?: PairedDifference
}

export type NotepadSummary = Record<string, Record<'details' | 'loss', Partial<Record<Way, WaySummary>>>>

/** By system. */
export function summariseNotepad(measured: Measurement<Kept[]>[], { systems }: TaskResults): NotepadSummary {
  const of = (name: string) => measured.filter(({ system }) => system === name).map(({ value }) => value)
  return Object.fromEntries(
    systems.flatMap(({ name }) => {
      const seeds = of(name)
      if (seeds.length === 0) return []
      return [[name, { details: byWay(seeds, 'details'), loss: byWay(seeds, 'loss') }]]
    }),
  )
}

function byWay(seeds: Kept[][], asked: 'details' | 'loss'): Partial<Record<Way, WaySummary>> {
  const rows = (way: Way) => seeds.map((documents) => documents.map((kept) => kept[asked][way]!))
  return Object.fromEntries(
    ways
      .filter((way) => seeds[0][0]?.[asked][way] !== undefined)
      .map((way) => {
        const all = rows(way).flat()
        const nats = all.reduce((sum, each) => sum + each, 0) / all.length
        const difference =
          way === 'neither' ? {} : { difference: pairedDifference(rows(way), rows('neither')) }
        return [way, { nats, ...difference }]
      }),
  )
}
