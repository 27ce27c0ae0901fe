import type { Measurement } from '../../experiment/results'
import { pairedDifference, type PairedDifference } from '../../statistics'
import { schemes, type TwoStages } from './measure'

export interface TwoStageSummary {
  systems: {
    name: string
    /** Mean nats by scheme, in their order. */
    loss: number[]
    tokens: number[]
    /** Extended against long from the start: negative is better. */
    difference: PairedDifference
  }[]
}

export function summariseTwoStage(measured: Measurement<TwoStages[]>[]): TwoStageSummary {
  const names = [...new Set(measured.map(({ system }) => system))]
  return {
    systems: names.map((name) => {
      const seeds = measured.filter(({ system }) => system === name).map(({ value }) => value)
      const last = (scheme: number) => seeds.map((stages) => stages[scheme].last)
      const mean = (values: number[]) => values.reduce((sum, each) => sum + each, 0) / values.length
      const tokens = seeds[0].map(({ how }) => how.tokens)
      return {
        name,
        loss: schemes.map((_, scheme) => mean(last(scheme).flat())),
        // The extension's run counts its own tokens alone.
        tokens: [tokens[0], tokens[0] + tokens[1], tokens[2]],
        difference: pairedDifference(last(1), last(2)),
      }
    }),
  }
}
