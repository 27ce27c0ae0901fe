import type { TaskResults } from '../../results'
import type { Table } from '../table'

/** `0–64`, `–128`, …: a range is named by its end, the first by both. */
export const rangeNames = ({ ranges }: Pick<TaskResults, 'ranges'>): string[] =>
  ranges.map(({ from, to }) => (from === 0 ? `0–${to}` : `–${to}`))

/** Mean nats per token by how much was read before it. */
export function lossTable(task: TaskResults): Table | undefined {
  const measured = task.systems.filter(({ loss }) => loss !== undefined)
  if (measured.length === 0) return undefined
  const row = (name: string, loss: number[]) => [name, ...loss.map((nats) => nats.toFixed(3))]
  const { documents, length } = task.evaluation
  const seeds = Math.max(...measured.map(({ evaluations }) => evaluations.length))
  return {
    title: 'loss by token index (nats per token)',
    columns: ['system', ...rangeNames(task)],
    rows: [
      ...measured.map(({ name, loss }) => row(name, loss!)),
      ...task.references.map(({ name, loss }) => row(name, loss)),
    ],
    note:
      `${documents.length} held-out documents of ${length} tokens${seeds > 1 ? `, ${seeds} seeds` : ''}; training sequences ` +
      `had ${task.training.length}: what lies beyond is longer than anything trained on`,
  }
}
