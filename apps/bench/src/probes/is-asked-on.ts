import type { Probe } from './probe'

/** The tasks that a probe is asked on which names none. */
const mainTasks: readonly string[] = ['languages', 'books']

/** Whether a probe is asked on a task. The user's own text stands for the books. */
export const isAskedOn = ({ tasks = mainTasks }: Pick<Probe, 'tasks'>, task: string): boolean =>
  tasks.includes(task === 'text' ? 'books' : task)
