import { isAskedOn } from '../probes/is-asked-on'
import type { Probe } from '../probes/probe'
import { ownerOf } from './owner-of'
import { seedsOf, type Seeds } from './description'
import type { Measurement } from './results'

/**
 * The unit of work: one run of the comparison, a system with weights of its own, trained on a task with a seed; or what a
 * probe does with models of its own, of a system and with a seed.
 */
export interface RunWork {
  /** The task's name. */
  task: string
  system: string
  seed: number
  /** The probe whose models these are, where not the comparison's. */
  probe?: string
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

export const nameOf = ({ task, probe, system, seed }: RunWork) =>
  [task, ...(probe === undefined ? [] : [probe]), system, `seed ${seed}`].join(' · ')

/** Which systems are compared, and with which seeds. */
type Compared = Seeds & { systems: readonly string[] }

/** The runs of a task, seed by seed. */
export function runsOf(task: string, comparison: Compared): RunWork[] {
  const owners = ownersOf(comparison.systems)
  return seedsOf(comparison).flatMap((seed) => owners.map((system) => ({ task, system, seed })))
}

/** What probes do with models of their own on a task, seed by seed. */
const modelsOf = (task: string, probes: readonly Probe[], comparison: Compared): RunWork[] =>
  seedsOf(comparison).flatMap((seed) =>
    probes.flatMap((probe) => {
      if (probe.needs !== 'models') return []
      const measured = probe.systems?.(comparison.systems) ?? ownersOf(comparison.systems)
      return measured.map((system) => ({ task, probe: probe.name, system, seed }))
    }),
  )

/** All that is done of a task for these probes: its runs, where any asks about them, and the probes' own models. */
export function workOf(
  task: string,
  probes: readonly Probe[],
  comparison: Compared,
): { runs: RunWork[]; models: RunWork[] } {
  const asked = probes.filter((probe) => isAskedOn(probe, task))
  const isRun = asked.some(({ needs }) => needs === 'run' || needs === 'reader')
  return { runs: isRun ? runsOf(task, comparison) : [], models: modelsOf(task, asked, comparison) }
}

const ownersOf = (systems: readonly string[]) => systems.filter((name) => ownerOf(name) === name)

/** The systems that read with the weights of this one, itself among them. */
export const readersOf = (owner: string, { systems }: { systems: readonly string[] }): string[] =>
  systems.filter((name) => ownerOf(name) === owner)

/** What a probe's measuring of a system is called among the work of a run. */
export const pieceOfWork = (probe: string, system: string) => `${probe} ${system}`
