import type { ExperimentDescription } from '../experiment/description'
import type { TaskOptions } from '../experiment/options'
import type { Benchmark } from './benchmark'
import { openBenchmark, taskNames, type TaskName } from './index'
import { ownText } from './own-text'

/** The tasks that a command line asks for: the caller's own text, one by name, or all. */
export async function chooseBenchmarks(
  { presetName, preset }: ExperimentDescription,
  { data, task }: TaskOptions,
): Promise<Benchmark[]> {
  if (data !== undefined) return [await ownText(presetName, preset, data)]
  return (task === undefined ? taskNames : [task]).map((name: TaskName) =>
    openBenchmark(name, presetName, preset),
  )
}
