import type { Preset } from '../presets'
import type { TaskOptions } from '../options'
import { ownTextTask } from './own-text'
import { tasks, taskNames, type TaskName } from './index'
import type { Task } from './task'

/** The tasks that a command line asks for: the caller's own text, one by name, or all. */
export function chooseTasks(preset: Preset, { data, task }: TaskOptions): Task[] {
  if (data !== undefined) return [ownTextTask(preset, data)]
  return (task === undefined ? taskNames : [task]).map((name: TaskName) => tasks[name](preset))
}
