import { UserError } from '@ttt-e2e/cli'
import { isAskedOn } from '../probes/is-asked-on'
import type { Probe } from '../probes/probe'
import type { ExperimentDescription } from '../experiment/description'
import type { TaskOptions } from '../experiment/options'
import type { Benchmark } from './benchmark'
import { openBenchmark, type TaskName } from './index'
import { ownText, readOnlyText } from './own-text'

/**
 * The tasks to read again with what is stored: those it was trained on, one of them by name, or a text that it has
 * not been trained on, which is read whole by the models of the stored text task.
 *
 * @throws UserError if nothing stored fits
 */
export async function storedBenchmarks(
  stored: ExperimentDescription,
  { data, textField, task, model }: TaskOptions,
  probes: readonly Probe[],
): Promise<Benchmark[]> {
  const { presetName, preset } = stored
  if (data !== undefined) {
    const trainedOn = ['text', 'books'].find((name) => stored.tasks.includes(name))
    if (!trainedOn)
      throw new UserError(
        `'${model}' holds no models of text to read '${data}' with; it holds ${stored.tasks.join(', ')}`,
      )
    return [await readOnlyText(presetName, preset, { path: data, textField }, trainedOn)]
  }
  const asked = stored.tasks.filter((name) => probes.some((probe) => isAskedOn(probe, name)))
  const names = task === undefined ? asked : [task]
  const open = async (name: string): Promise<Benchmark> => {
    if (!stored.tasks.includes(name))
      throw new UserError(`'${model}' holds no task '${name}'; it holds ${stored.tasks.join(', ')}`)
    if (name === 'text')
      return ownText(presetName, preset, { path: stored.data!, textField: stored.textField })
    return openBenchmark(name as TaskName, presetName, preset)
  }
  return await Promise.all(names.map(open))
}
