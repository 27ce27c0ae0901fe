import type { Table } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { differencesTable } from './differences-table'
import { trainedOn } from '../../report/trained-on'
import { rangeNames } from './range-names'
import type { LossSummary } from './summarise'
import { wholeTable } from './whole-table'

/** Mean nats per token by how much was read before it, and how far TTT-E2E is ahead. */
export function lossTables(
  { measured, summary }: ProbeResults<number[][], LossSummary>,
  task: TaskResults,
): Table[] {
  const seeds = (name: string) => measured.filter(({ system }) => system === name).length
  return [
    lossTable(summary, task, seeds),
    ...wholeTable(measured, task),
    ...differencesTable(summary, task, seeds),
  ]
}

function lossTable({ loss }: LossSummary, task: TaskResults, seedsOf: (system: string) => number): Table {
  const row = (name: string, nats: number[]) => [name, ...nats.map((each) => each.toFixed(3))]
  const { evaluation } = task.recipe
  const seeds = Math.max(...Object.keys(loss).map(seedsOf))
  return {
    title: 'loss by token index (nats per token)',
    columns: ['system', ...rangeNames(task)],
    rows: [
      ...Object.entries(loss).map(([name, nats]) => row(name, nats)),
      ...task.references.map((reference) => row(reference.name, reference.loss)),
    ],
    note:
      `${task.heldOut.length} held-out documents of ${evaluation.length} tokens${seeds > 1 ? `, ${seeds} seeds` : ''}; ` +
      trainedOn(
        task,
        (length) => `training sequences had ${length}: what lies beyond is longer than anything trained on`,
      ),
  }
}
