import type { Measurement, TaskResults } from '../../experiment/results'
import { pairedDifference, type PairedDifference } from '../../statistics'
import { mean } from '../mean'
import type { ControlsMeasured } from './measure'
import type { TracePoint } from './trace'

export interface ControlsSummary {
  /** Mean nats over the last quarter, by system. */
  last: Record<string, number>
  /** Mean nats at each inner rate, of systems that learn. */
  rates: Record<string, { rate: number; loss: number }[]>
  /** The rate of the lowest loss. */
  bestRate: Record<string, number>
  /** What learning gains over not learning, at the last quarter; naive at its best rate. Negative is better. */
  gains: Record<string, PairedDifference>
  /** What was read before an ending: nats, and against having read nothing. */
  context: Record<string, ContextSummary>
  trace: Record<string, TracePoint[]>
}

export interface ContextSummary {
  own: number
  another: number
  none: number
  /** Against nothing: negative where it helps. */
  gainOfOwn: PairedDifference
  gainOfAnother: PairedDifference
}

type Measured = Measurement<ControlsMeasured>[]

/** Learning against not learning with the same weights. */
export const pairs = [
  ['ttt-e2e', 'ttt-off'],
  ['ttt-naive', 'ttt-static'],
] as const

export function summariseControls(measured: Measured, { systems }: TaskResults): ControlsSummary {
  const of = (name: string) => measured.filter(({ system }) => system === name).map(({ value }) => value)
  const read = systems.map(({ name }) => name).filter((name) => of(name).length > 0)
  const each = <T>(make: (name: string, values: ControlsMeasured[]) => T | undefined) =>
    Object.fromEntries(
      read.flatMap((name) => {
        const made = make(name, of(name))
        return made === undefined ? [] : [[name, made]]
      }),
    ) as Record<string, T>
  const rates = each((_, values) =>
    values[0].rates.length === 0
      ? undefined
      : values[0].rates.map(({ rate }, i) => ({
          rate,
          loss: mean(values.flatMap((value) => value.rates[i].last)),
        })),
  )
  const bestRate = Object.fromEntries(
    Object.entries(rates).map(([name, swept]) => [
      name,
      swept.reduce((best, one) => (one.loss < best.loss ? one : best)).rate,
    ]),
  )
  const gains: Record<string, PairedDifference> = {}
  for (const [learning, still] of pairs) {
    const seeds = of(learning).flatMap((value, seed) => (of(still)[seed] ? [[value, of(still)[seed]]] : []))
    if (seeds.length === 0) continue
    const best = learning === 'ttt-naive' ? bestRate[learning] : undefined
    const ours = seeds.map(([value]) => atRate(value, best))
    gains[learning] = pairedDifference(
      ours,
      seeds.map(([, value], seed) => value.last.slice(0, ours[seed].length)),
    )
  }
  return {
    last: each((_, values) => mean(values.flatMap(({ last }) => last))),
    rates,
    bestRate,
    gains,
    context: each((_, values) => contextOf(values)),
    trace: each((_, values) => (values[0].trace.length > 0 ? values[0].trace : undefined)),
  }
}

const atRate = ({ last, rates }: ControlsMeasured, rate: number | undefined): number[] =>
  rate === undefined ? last : rates.find((each) => each.rate === rate)!.last

function contextOf(values: ControlsMeasured[]): ContextSummary {
  const nats = (key: keyof ControlsMeasured['context']) => values.map(({ context }) => context[key])
  const [own, another, none] = [nats('own'), nats('another'), nats('none')]
  return {
    own: mean(own.flat()),
    another: mean(another.flat()),
    none: mean(none.flat()),
    gainOfOwn: pairedDifference(own, none),
    gainOfAnother: pairedDifference(another, none),
  }
}
