import { UserError } from '@ttt-e2e/cli'
import { seedsOf } from '../experiment/description'
import { firstDifference } from '../experiment/first-difference'
import { placeMeasurements } from '../experiment/place-measurements'
import type { Measurement, Origin, Results, TaskResults } from '../experiment/results'
import type { Probe } from '../probes/probe'

/** What was read of a run. */
export interface Part<Held = Results> {
  /** What it is called in messages: its path. */
  name: string
  held: Held
}

/**
 * What several runs of one preset measured, as if one run had: other seeds, systems, tasks or probes. Of what two of them
 * measured, what the first holds is taken; differences are paired by document and seed as ever.
 *
 * @param probes those that they were asked with
 * @throws UserError if they trained, read or measured otherwise, or hold what an unknown probe measured
 */
export function mergeResults(parts: readonly Part[], probes: readonly Probe[]): Results {
  const all = parts.map(({ held }) => held)
  refuseDifferent('the preset', parts, ({ options }) => options.presetName)
  for (const name of unique(all.flatMap(({ options }) => Object.keys(options.probes))))
    refuseDifferent(`the size of the probe ${name}`, parts, ({ options }) => options.probes[name])
  const names = unique(all.flatMap(({ tasks }) => tasks.map((task) => task.name)))
  const tasks = names.map((name) =>
    mergeTask(
      holding(parts, ({ tasks }) => tasks.find((task) => task.name === name)),
      probes,
    ),
  )
  const seeds = unique(all.flatMap(({ options }) => seedsOf(options)))
  const { options } = all[0]
  return {
    ...all[0],
    startedAt: all.map(({ startedAt }) => startedAt).sort()[0],
    interrupted: all.some(({ interrupted }) => interrupted),
    options: {
      ...options,
      systems: unique(all.flatMap(({ options }) => options.systems)),
      seeds: seeds.length,
      firstSeed: Math.min(...seeds),
      probes: Object.assign({}, ...all.map(({ options }) => options.probes)) as Record<string, object>,
    },
    tasks,
    mergedFrom: all.flatMap(originsOf),
  }
}

function originsOf({
  mergedFrom,
  engine,
  machine,
  versions,
  gitHash,
  startedAt,
  finishedAt,
  options,
}: Results): Origin[] {
  return mergedFrom ?? [{ engine, machine, versions, gitHash, startedAt, finishedAt, shares: options.shares }]
}

function mergeTask(parts: readonly Part<TaskResults>[], probes: readonly Probe[]): TaskResults {
  const all = parts.map(({ held }) => held)
  const [{ name }] = all
  refuseDifferent(
    name,
    parts,
    ({ recipe, untilConverged, given, heldOut, ranges, contexts, references }) => ({
      recipe,
      untilConverged,
      given,
      heldOut,
      ranges,
      contexts,
      references,
    }),
  )
  const systems = unique(all.flatMap(({ systems }) => systems.map((system) => system.name)))
  for (const system of systems)
    refuseDifferent(`${system} on ${name}`, parts, ({ systems }) =>
      systems.find((each) => each.name === system),
    )
  const merged: TaskResults = {
    ...all[0],
    systems: systems.map((system) =>
      all.flatMap(({ systems }) => systems).find((each) => each.name === system)!,
    ),
    probes: {},
  }
  for (const probeName of unique(all.flatMap(({ probes }) => Object.keys(probes)))) {
    const probe = probes.find((each) => each.name === probeName)
    if (!probe)
      throw new UserError(
        `'${parts.find(({ held }) => held.probes[probeName])!.name}' holds what the probe '${probeName}' measured, which isn't the bench's own; give its module by --probe`,
      )
    placeMeasurements(
      merged,
      probe,
      firstOfEach(all.flatMap(({ probes }) => probes[probeName]?.measured ?? [])),
    )
  }
  return merged
}

/** Of each system and seed. */
const firstOfEach = (measured: readonly Measurement[]): Measurement[] =>
  measured.filter(
    ({ system, seed }, place) =>
      measured.findIndex((each) => each.system === system && each.seed === seed) === place,
  )

const holding = <Held>(parts: readonly Part[], find: (results: Results) => Held | undefined): Part<Held>[] =>
  parts.flatMap(({ name, held }) => {
    const found = find(held)
    return found === undefined ? [] : [{ name, held: found }]
  })

/** @throws UserError with the first place where two runs that both say something say other things */
function refuseDifferent<Held>(
  what: string,
  parts: readonly Part<Held>[],
  say: (held: Held) => unknown,
): void {
  const [first, ...others] = parts
    .map(({ name, held }) => ({ name, said: say(held) }))
    .filter(({ said }) => said !== undefined)
  for (const other of others) {
    const difference = firstDifference(first.said, other.said)
    if (!difference) continue
    const { path, stored, asked } = difference
    throw new UserError(
      `'${first.name}' and '${other.name}' can't be merged: ${path === 'a run' ? what : `${path} of ${what}`} is ${stored} in the first and ${asked} in the second`,
    )
  }
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)]
