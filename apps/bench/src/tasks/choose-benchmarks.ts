import { UserError } from '@ttt-e2e/cli'
import type { ExperimentDescription } from '../experiment/description'
import type { TaskOptions } from '../experiment/options'
import { isAskedOn } from '../probes/is-asked-on'
import type { Probe } from '../probes/probe'
import type { Benchmark } from './benchmark'
import { openBenchmark, taskNames, type TaskName } from './index'
import { ownText } from './own-text'

/** The tasks that a command line asks for: the caller's own text, one by name, or all. */
export async function chooseBenchmarks(
  { presetName, preset }: ExperimentDescription,
  { data, textField, task }: TaskOptions,
  probes: readonly Probe[],
): Promise<Benchmark[]> {
  if (data !== undefined) return [await ownText(presetName, preset, { path: data, textField })]
  const asked = taskNames.filter((name) => probes.some((probe) => isAskedOn(probe, name)))
  if (task !== undefined && !asked.includes(task))
    throw new UserError(
      `--task ${task} was given with ${probes.map(({ name }) => name).join(', ')}, which measure on ${asked.join(', ')}; leave --task out`,
    )
  return (task === undefined ? asked : [task]).map((name: TaskName) =>
    openBenchmark(name, presetName, preset),
  )
}
