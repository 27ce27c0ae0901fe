import type { Measurement, TaskResults } from '../../experiment/results'
import { pairedDifference, type PairedDifference } from '../../statistics'
import type { Decoded } from './measure'
import { mean } from '../mean'

export interface DecodeSummary {
  /** Mean nats of sixteen equal stretches, half of them of the prompt, by system; and of the books themselves. */
  byIndex: Record<string, number[]>
  original: number[]
  /** Mean nats of what was generated. */
  loss: Record<string, number>
  variety: Record<string, number>
  /** TTT-E2E against each other system on what was generated: negative is better. */
  differences: Record<string, PairedDifference>
}

const stretches = 16

export function summariseDecode(measured: Measurement<Decoded[]>[], { systems }: TaskResults): DecodeSummary {
  const read = systems
    .map(({ name }) => name)
    .filter((name) => measured.some(({ system }) => system === name))
  const of = (name: string) => measured.filter(({ system }) => system === name).map(({ value }) => value)
  const each = <T>(make: (seeds: Decoded[][]) => T) =>
    Object.fromEntries(read.map((name) => [name, make(of(name))]))
  const generated = (seeds: Decoded[][]) =>
    seeds.map((documents) => documents.map(({ nats }) => mean(nats.slice(nats.length >> 1))))
  const ours = of('ttt-e2e')
  return {
    byIndex: each((seeds) => byStretch(seeds.flat().map(({ nats }) => nats))),
    original: byStretch(of(read[0]).flatMap((documents) => documents.map(({ original }) => original))),
    loss: each((seeds) => mean(generated(seeds).flat())),
    variety: each((seeds) => mean(seeds.flat().map(({ variety }) => variety))),
    differences: Object.fromEntries(
      read
        .filter((name) => name !== 'ttt-e2e' && ours.length > 0)
        .map((name) => {
          const pairs = Math.min(ours.length, of(name).length)
          const [a, b] = [ours, of(name)].map((seeds) => generated(seeds.slice(0, pairs)))
          return [name, pairedDifference(a, b)]
        }),
    ),
  }
}

function byStretch(rows: number[][]): number[] {
  const { length } = rows[0]
  return Array.from({ length: stretches }, (_, s) => {
    const [from, to] = [s, s + 1].map((border) => Math.floor((border * length) / stretches))
    return mean(rows.flatMap((row) => row.slice(from, to)))
  })
}
