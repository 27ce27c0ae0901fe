import type { Measurement } from '../../experiment/results'
import { median } from '../../statistics'
import type { CostMeasured } from './measure'

/** What the others are set against. */
export const reference = 'full-attention'

/** The system that is set beside it. */
export const subject = 'ttt-e2e'

export interface CostSummary {
  contexts: number[]
  /** Median seconds for 1000 tokens by system, for each context. */
  secondsPer1000: Record<string, number[]>
  /** Median over the timed steps of a system's time ÷ full attention's beside it, with their range; empty without that. */
  ratio: Record<string, { median: number; least: number; most: number }[]>
}

export function summariseCost(measured: Measurement<CostMeasured>[]): CostSummary {
  const { contexts } = measured[0].value
  const columns = ({ secondsPer1000 }: CostMeasured) =>
    contexts.map((_, i) => secondsPer1000.map((row) => row[i]))
  const theirs = measured.find(({ system }) => system === reference)
  const byReference = theirs && columns(theirs.value)
  return {
    contexts,
    secondsPer1000: Object.fromEntries(
      measured.map(({ system, value }) => [system, columns(value).map(median)]),
    ),
    ratio: byReference
      ? Object.fromEntries(
          measured
            .filter(({ system }) => system !== reference)
            .map(({ system, value }) => [
              system,
              columns(value).map((seconds, i) => {
                const ratios = seconds.map((each, repeat) => each / byReference[i][repeat])
                return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) }
              }),
            ]),
        )
      : {},
  }
}
