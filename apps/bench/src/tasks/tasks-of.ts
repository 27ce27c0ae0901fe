import type { TaskOptions } from '../options'
import type { RunDescription } from '../run-description'
import { chooseTasks } from './choose-tasks'
import { storedTasks } from './stored-tasks'
import type { Task } from './task'

/**
 * The tasks of a run: those that were asked for, or those to read with what is stored.
 *
 * @throws UserError or DataError for what can't be had
 */
export const tasksOf = (description: RunDescription, options: TaskOptions): Task[] =>
  options.model === undefined ? chooseTasks(description.preset, options) : storedTasks(description, options)
