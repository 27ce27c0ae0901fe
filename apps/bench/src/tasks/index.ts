import type { Preset } from '../presets'
import { booksTask } from './books'
import { languagesTask } from './languages'
import type { Task } from './task'

/** The tasks by the name on the command line, in the order in which they run. */
export const tasks = {
  languages: languagesTask,
  books: booksTask,
} satisfies Record<string, (preset: Preset) => Task>

export type TaskName = keyof typeof tasks
export const taskNames = Object.keys(tasks) as TaskName[]

export { languagesTask }
export { ownTextTask } from './own-text'
export type { KnownLosses, Reference, Task } from './task'
