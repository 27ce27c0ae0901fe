import type { Measurement } from '../../experiment/results'
import { pairedDifference, slopeOfMedians, type PairedDifference } from '../../statistics'
import type { ScaledModel } from './measure'
import { mean } from '../mean'

export interface ScalingSummary {
  systems: {
    name: string
    models: { hiddenSize: number; parameters: number; tokens: number; loss: number }[]
  }[]
  /** How much steeper TTT-E2E's loss is than each other system's, in nats per doubling: 0 where lines are parallel. */
  slopes: Record<string, { tokens?: PairedDifference; size?: PairedDifference }>
}

const subject = 'ttt-e2e'

export function summariseScaling(measured: Measurement<ScaledModel[]>[]): ScalingSummary {
  const names = [...new Set(measured.map(({ system }) => system))]
  const of = (name: string) => measured.filter(({ system }) => system === name).map(({ value }) => value)
  const ours = of(subject)
  return {
    systems: names.map((name) => ({
      name,
      models: of(name)[0].map(({ hiddenSize, parameters, how }, m) => ({
        hiddenSize,
        parameters,
        tokens: how.tokens,
        loss: mean(of(name).flatMap((models) => models[m].documents)),
      })),
    })),
    slopes: Object.fromEntries(
      names
        .filter((name) => name !== subject && ours.length > 0)
        .map((name) => {
          const seeds = Math.min(ours.length, of(name).length)
          const difference = (axis: Axis) => {
            const [a, b] = [ours, of(name)].map((each) => each.slice(0, seeds).map((m) => slopesOf(m, axis)))
            return a.every((row) => row.length > 0) ? pairedDifference(a, b) : undefined
          }
          return [name, { tokens: difference('tokens'), size: difference('size') }]
        }),
    ),
  }
}

type Axis = 'tokens' | 'size'

/**
 * The slope of each document's loss per doubling of tokens or of parameters, the mean over all sizes or budgets: one number
 * for a document, which is what is drawn for the interval. Nothing where there is one point alone.
 */
function slopesOf(models: readonly ScaledModel[], axis: Axis): number[] {
  const [along, across] = [
    ({ how, parameters }: ScaledModel) => Math.log2(axis === 'tokens' ? how.tokens : parameters),
    ({ how, hiddenSize }: ScaledModel) => (axis === 'tokens' ? hiddenSize : how.steps),
  ]
  const lines = [...new Set(models.map(across))].map((place) =>
    models.filter((each) => across(each) === place),
  )
  if (lines.some((line) => line.length < 2)) return []
  return models[0].documents.map((_, d) =>
    mean(lines.map((line) => slopeOfMedians(line.map(along), [line.map((each) => each.documents[d])]).slope)),
  )
}
