import type { Probe } from '../probes/probe'
import type { Measurement, TaskResults } from './results'

/** Adds what a probe measured to its results, which don't depend on the order in which runs end. */
export function placeMeasurements(
  results: TaskResults,
  probe: Probe,
  measured: readonly Measurement[],
): void {
  const place = ({ system }: Measurement) => results.systems.findIndex(({ name }) => name === system)
  const all = [...(results.probes[probe.name]?.measured ?? []), ...measured].sort(
    (a, b) => place(a) - place(b) || (a.seed ?? 0) - (b.seed ?? 0),
  )
  results.probes[probe.name] = { measured: all, summary: probe.summarise(all, results) }
}
