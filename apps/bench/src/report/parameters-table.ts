import type { Table } from '@ttt-e2e/report'
import type { TaskResults } from '../experiment/results'

/** The systems of a task, with what they are. */
export function parametersTable({ title, systems, recipe }: TaskResults): Table {
  const { hiddenSize, layers, window, chunk } = recipe.size
  const { training } = recipe
  return {
    title,
    columns: ['system', 'parameters', 'what it is'],
    rows: systems.map(({ name, parameters, summary }) => [name, parameters.toLocaleString('en-US'), summary]),
    note:
      `${layers} layers of width ${hiddenSize}, window ${window}, chunk ${chunk}; trained on sequences of ` +
      `${training.length} tokens, ${training.batch} per step`,
  }
}
