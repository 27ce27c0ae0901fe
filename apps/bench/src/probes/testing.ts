import { measureHere } from '../experiment/measure-run'
import { placeRun } from '../experiment/measure-everything'
import { measureRuns } from '../experiment/measure-runs'
import type { TaskResults } from '../experiment/results'
import { workOf } from '../experiment/run-work'
import { startResults } from '../experiment/start-results'
import { openStores } from '../experiment/stores'
import type { Benchmark } from '../tasks/benchmark'
import { comparisonIn, silentSession } from '../testing'
import type { Probe } from './probe'

/** What one probe measures of these systems on a task, in sizes of its own. */
export async function measureProbe(
  probe: Probe,
  sizes: object,
  { benchmark, systems, store }: { benchmark: Benchmark; systems: string[]; store: string },
): Promise<TaskResults> {
  const comparison = { ...comparisonIn(store, systems), sizes: { [probe.name]: sizes } }
  const results = startResults(benchmark, systems)
  openStores(benchmark, comparison)
  const { runs, models } = workOf(benchmark.name, [probe], comparison)
  const measure = measureHere([benchmark], comparison, [probe])
  await measureRuns([...runs, ...models], [measure], silentSession(1), (work, measured) =>
    placeRun({ tasks: [results] }, [probe], work, measured),
  )
  return results
}
