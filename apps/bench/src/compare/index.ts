import { inInterval, type Table } from '@ttt-e2e/report'
import { isDeepStrictEqual } from 'node:util'
import type { Results, TaskResults } from '../experiment/results'
import { lossByIndex } from '../probes/loss-by-index'
import { resultsOf, type Probe } from '../probes/probe'
import { speedsOf } from '../report/speeds-of'
import { pairedDifference } from '../statistics'
import { changedNumbers } from './changed-numbers'

/** What differs between two runs: how they were made, losses with intervals, speeds, and every other number. */
export function compareResults(a: Results, b: Results, probes: readonly Probe[]): Table[] {
  const shared = a.tasks.flatMap((task) => {
    const other = b.tasks.find(({ name }) => name === task.name)
    return other ? [[task, other] as const] : []
  })
  return [
    makingTable(a, b),
    ...shared.flatMap(([ours, theirs]) => lossTable(ours, theirs)),
    ...speedTable(speedsOf(a, probes), speedsOf(b, probes)),
    ...shared.flatMap(([ours, theirs]) => numbersTable(ours, theirs)),
  ]
}

function makingTable(a: Results, b: Results): Table {
  const facts = ({ options, engine, machine, gitHash, finishedAt, interrupted }: Results) => ({
    preset: options.presetName,
    seeds: String(options.seeds),
    tasks: '',
    engine: engine.line,
    machine: Object.values(machine).join(', '),
    commit: gitHash ?? 'none',
    ended: finishedAt + (interrupted ? ', stopped before its end' : ''),
  })
  const names = ({ tasks }: Results) => tasks.map(({ name }) => name).join(', ')
  const [ofA, ofB] = [
    { ...facts(a), tasks: names(a) },
    { ...facts(b), tasks: names(b) },
  ]
  return {
    title: 'how they were made',
    columns: ['what', 'A', 'B'],
    rows: Object.entries(ofA).map(([what, value]) => [what, value, ofB[what as keyof typeof ofB]]),
  }
}

/** At the last range: paired by document and seed where both read the same documents. */
function lossTable(a: TaskResults, b: TaskResults): Table[] {
  const [ofA, ofB] = [a, b].map((task) => resultsOf(lossByIndex, task))
  if (!ofA || !ofB) return []
  const isSame = isDeepStrictEqual([a.heldOut, a.ranges], [b.heldOut, b.ranges])
  const last = (task: TaskResults) => `–${task.ranges.at(-1)!.to}`
  const rows = Object.keys(ofA.summary.loss).flatMap((system) => {
    if (!ofB.summary.loss[system]) return []
    const [lossA, lossB] = [ofA, ofB].map(({ summary }) => summary.loss[system].at(-1)!)
    const pairs = ofA.measured.flatMap((each) => {
      const other = ofB.measured.find(({ system, seed }) => system === each.system && seed === each.seed)
      return each.system === system && other ? [[each.value, other.value]] : []
    })
    const atEnd = (rows: number[][]) => rows.map((row) => row.at(-1)!)
    const difference =
      isSame && pairs.length > 0
        ? pairedDifference(
            pairs.map(([, theirs]) => atEnd(theirs)),
            pairs.map(([ours]) => atEnd(ours)),
          )
        : { mean: lossB - lossA }
    return [[system, lossA.toFixed(3), lossB.toFixed(3), inInterval(difference)]]
  })
  return [
    {
      title: `${a.name}: loss at ${last(a)}${last(a) === last(b) ? '' : ` and ${last(b)}`} (nats per token)`,
      columns: ['system', 'A', 'B', 'B less A'],
      rows,
      note: isSame
        ? '95 % interval of a bootstrap over paired documents and seeds'
        : 'they read other documents, or other lengths: without an interval',
    },
  ]
}

function speedTable(a: Record<string, number>, b: Record<string, number>): Table[] {
  const both = Object.keys(a).filter((what) => b[what] !== undefined)
  if (both.length === 0) return []
  return [
    {
      title: 'seconds',
      columns: ['work', 'A', 'B', 'B ÷ A'],
      rows: both.map((what) => [
        what,
        a[what].toPrecision(3),
        b[what].toPrecision(3),
        (b[what] / a[what]).toFixed(2),
      ]),
    },
  ]
}

/** Numbers of all summaries that are shown. */
const mostNumbers = 60

function numbersTable(a: TaskResults, b: TaskResults): Table[] {
  const summaries = ({ probes }: TaskResults) =>
    Object.fromEntries(Object.entries(probes).map(([name, { summary }]) => [name, summary]))
  const changed = changedNumbers(summaries(a), summaries(b))
  if (changed.length === 0) return []
  return [
    {
      title: `${a.name}: numbers that changed most`,
      columns: ['number', 'A', 'B'],
      rows: changed.slice(0, mostNumbers).map(({ path, a, b }) => [path, a.toPrecision(4), b.toPrecision(4)]),
      ...(changed.length > mostNumbers && { note: `${changed.length - mostNumbers} more changed less` }),
    },
  ]
}
