import { UserError } from '@ttt-e2e/cli'
import type { TaskOptions } from '../options'
import type { RunDescription } from '../run-description'
import { tasks, type TaskName } from './index'
import { ownTextTask, readOnlyTextTask } from './own-text'
import type { Task } from './task'

/**
 * The tasks to read again with what is stored: those it was trained on, one of them by name, or a text that it has
 * not been trained on, which is read whole by the models of the stored text task.
 *
 * @throws UserError if nothing stored fits
 */
export function storedTasks(stored: RunDescription, { data, task, model }: TaskOptions): Task[] {
  const { preset } = stored
  if (data !== undefined) {
    const trainedOn = ['text', 'books'].find((name) => stored.tasks.includes(name))
    if (!trainedOn)
      throw new UserError(
        `'${model}' holds no models of text to read '${data}' with; it holds ${stored.tasks.join(', ')}`,
      )
    return [readOnlyTextTask(preset, data, trainedOn)]
  }
  const names = task === undefined ? stored.tasks : [task]
  return names.map((name) => {
    if (!stored.tasks.includes(name))
      throw new UserError(`'${model}' holds no task '${name}'; it holds ${stored.tasks.join(', ')}`)
    if (name === 'text') return ownTextTask(preset, stored.data!)
    return tasks[name as TaskName](preset)
  })
}
