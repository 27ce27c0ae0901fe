import { median } from '../../statistics'
import type { SystemsProbe } from '../probe'
import { latencyFigures } from './figure'
import { measureLatency, type LatencyMeasured, type LatencySizes } from './measure'
import { publishedLatency } from './published'
import { summariseLatency, type LatencySummary } from './summarise'
import { latencyTables } from './table'
import { latencyAnswer, latencyVerdict } from './verdict'

/** What a token costs after so many others, and what is remembered: flat where the memory is of constant size. */
export const latency: SystemsProbe<LatencyMeasured, LatencySummary, LatencySizes> = {
  name: 'latency',
  needs: 'systems',
  refuses: () => undefined,
  measure: measureLatency,
  summarise: summariseLatency,
  table: latencyTables,
  figure: latencyFigures,
  verdict: latencyVerdict,
  published: publishedLatency,
  speeds: ({ summary: { systems } }) =>
    Object.fromEntries(
      Object.entries(systems).flatMap(([name, { fit, decoding }]) => [
        [`${name} · 1000 tokens read`, fit.constant],
        [`${name} · a token decoded`, median(decoding)],
      ]),
    ),
  answer: latencyAnswer,
}
