import type { Measurement } from '../../experiment/results'
import { pairedDifference, type PairedDifference } from '../../statistics'
import { chunks, type ToyLine } from './measure'
import { mean } from '../mean'

export interface ToySummary {
  lines: {
    name: string
    /** Mean nats at each index, and over all. */
    byIndex: number[]
    loss: number
    /** Against the bigram: negative is better. */
    againstBigram?: PairedDifference
    /** What the last index within a chunk loses more than the first, over all chunks but the first; of chunks above 1. */
    rise?: number
  }[]
}

/** The bigram last, before full attention: what the others lie between. */
export function summariseToy(measured: Measurement<ToyLine[]>[]): ToySummary {
  const all = measured.flatMap(({ value }) => value)
  const names = [...new Set(all.map(({ name }) => name))].sort((a, b) => last.indexOf(a) - last.indexOf(b))
  const of = (name: string) => all.filter((line) => line.name === name)
  const bigram = of('bigram').map(({ documents }) => documents)
  return {
    lines: names.map((name) => {
      const seeds = of(name)
      const byIndex = seeds[0].byIndex.map((_, i) => mean(seeds.map((line) => line.byIndex[i])))
      const pairs = Math.min(seeds.length, bigram.length)
      const { chunk } = seeds[0]
      return {
        name,
        byIndex,
        loss: mean(byIndex),
        ...(pairs > 0 &&
          name !== 'bigram' && {
            againstBigram: pairedDifference(
              seeds.slice(0, pairs).map(({ documents }) => documents),
              bigram.slice(0, pairs),
            ),
          }),
        ...(chunk === chunks[1] && { rise: riseWithin(byIndex, chunk) }),
      }
    }),
  }
}

const last = ['bigram', 'full-attention']

/** Over the chunks after the first: nats in their last quarter less nats in their first. */
function riseWithin(byIndex: readonly number[], chunk: number): number {
  const quarter = Math.max(1, chunk >> 2)
  const later = byIndex.map((nats, i) => ({ nats, place: i % chunk })).slice(chunk)
  const at = (holds: (place: number) => boolean) =>
    mean(later.filter(({ place }) => holds(place)).map(({ nats }) => nats))
  return at((place) => place >= chunk - quarter) - at((place) => place < quarter)
}
