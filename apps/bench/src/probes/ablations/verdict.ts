import type { ProbeResults } from '../../experiment/results'
import { holdsZero, natsWithInterval } from '../interval'
import { notConverged } from '../train-and-read'
import type { Ablated } from './measure'
import type { AblationsSummary } from './summarise'

export function ablationsVerdict({ measured, summary }: ProbeResults<Ablated[], AblationsSummary>): string[] {
  const changed = summary.variants.flatMap(({ name, difference }) =>
    difference ? [{ name, difference }] : [],
  )
  if (changed.length === 0) return []
  const [best, worst] = [
    changed.reduce((a, b) => (b.difference.mean < a.difference.mean ? b : a)),
    changed.reduce((a, b) => (b.difference.mean > a.difference.mean ? b : a)),
  ]
  const same = changed.filter(({ difference }) => holdsZero(difference)).map(({ name }) => name)
  return [
    `Of single changes to ttt-e2e '${best.name}' gives the lowest loss, ${natsWithInterval(best.difference)} against the base, and ` +
      `'${worst.name}' the highest, ${natsWithInterval(worst.difference)}` +
      `${same.length > 0 ? `; without a difference beyond doubt: ${same.join(', ')}` : ''}.`,
    ...notConverged(measured.flatMap(({ value }) => value)),
  ]
}
