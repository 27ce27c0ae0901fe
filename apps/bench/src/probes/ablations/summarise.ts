import type { Measurement } from '../../experiment/results'
import { pairedDifference, type PairedDifference } from '../../statistics'
import type { Ablated } from './measure'

export interface AblationsSummary {
  variants: {
    name: string
    loss: number
    parameters: number
    /** Against the base: negative is better; of the base itself absent. */
    difference?: PairedDifference
    /** Learning while reading against the same weights with it off: negative is what it gains. */
    learned?: PairedDifference
  }[]
}

export function summariseAblations(measured: Measurement<Ablated[]>[]): AblationsSummary {
  const seeds = measured.map(({ value }) => value)
  if (seeds.length === 0) return { variants: [] }
  return {
    variants: seeds[0].map(({ name, parameters }, n) => {
      const last = seeds.map((variants) => variants[n].last)
      const off = seeds.flatMap((variants) => [variants[n].lastOff ?? []].filter(({ length }) => length > 0))
      const all = last.flat()
      return {
        name,
        parameters,
        loss: all.reduce((sum, nats) => sum + nats, 0) / all.length,
        ...(n > 0 && {
          difference: pairedDifference(
            last,
            seeds.map(([base]) => base.last),
          ),
        }),
        ...(off.length > 0 && { learned: pairedDifference(last, off) }),
      }
    }),
  }
}
