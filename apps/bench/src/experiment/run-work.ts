import { definitionOf } from '@ttt-e2e/baselines'
import type { Measurement } from './results'

/** One run of the comparison, the unit of work: a system with weights of its own, trained on a task with a seed. */
export interface RunWork {
  /** The task's name. */
  task: string
  system: string
  seed: number
}

/** What was measured of a run; of an interrupted one measurements are missing. Plain data. */
export type MeasuredRun = (Measurement & { probe: string })[]

/** What a run tells while it is measured. */
export interface RunListener {
  /** A line that stays. */
  print(line: string): void
  /** What it is doing, and the seconds that are left of this piece of the run's work. */
  update(doing: string, piece: string, left: number): void
}

/**
 * Measures a run, in this process or in another. An abort ends it early with what it measured so far, saved;
 * undefined where that is nothing.
 */
export type MeasureRun = (
  work: RunWork,
  listener: RunListener,
  signal: AbortSignal,
) => Promise<MeasuredRun | undefined>

export const nameOf = ({ task, system, seed }: RunWork) => `${task} · ${system} · seed ${seed}`

/** The runs of a task, seed by seed. */
export function runsOf(
  task: string,
  { systems, seeds }: { systems: readonly string[]; seeds: number },
): RunWork[] {
  const owners = systems.filter((name) => definitionOf(name).weightsOf === undefined)
  return Array.from({ length: seeds }, (_, seed) => owners.map((system) => ({ task, system, seed }))).flat()
}

/** The systems that read with the weights of this one, itself among them. */
export const readersOf = (owner: string, { systems }: { systems: readonly string[] }): string[] =>
  systems.filter((name) => name === owner || definitionOf(name).weightsOf === owner)

/** What a probe's measuring of a system is called among the work of a run. */
export const pieceOfWork = (probe: string, system: string) => `${probe} ${system}`
