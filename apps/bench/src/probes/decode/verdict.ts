import { isBelow } from '@ttt-e2e/report'
import type { ProbeResults } from '../../experiment/results'
import { holdsZero, natsWithInterval } from '../interval'
import type { Decoded } from './measure'
import type { DecodeSummary } from './summarise'

export const decodeVerdict = ({ summary }: ProbeResults<Decoded[], DecodeSummary>): string[] =>
  Object.entries(summary.differences).map(([name, difference]) => {
    const how = isBelow(difference, 0)
      ? `scores lower than that of ${name}`
      : holdsZero(difference)
        ? `does NOT score lower than that of ${name} beyond doubt`
        : `scores higher than that of ${name}`
    return `Text that ttt-e2e writes ${how}: ${natsWithInterval(difference)} by a judge that was trained apart.`
  })
