import type { TaskResults } from '../../results'
import type { Table } from '../table'

export function parametersTable({ title, systems, size, training }: TaskResults): Table {
  const { hiddenSize, layers, window, chunk } = size
  return {
    title,
    columns: ['system', 'parameters', 'what it is'],
    rows: systems.map(({ name, parameters, summary }) => [name, parameters.toLocaleString('en-US'), summary]),
    note:
      `${layers} layers of width ${hiddenSize}, window ${window}, chunk ${chunk}; trained on sequences of ` +
      `${training.length} tokens, ${training.batch} per step`,
  }
}
