import { UserError } from '@ttt-e2e/cli'
import { nearest } from '@ttt-e2e/training'
import type { Probe } from '../probes/probe'
import { probeSizes } from './probe-sizes'
import { presetNames, type PresetName } from './presets'

/** The probes of a run, with their sizes by name. */
export interface AskedProbes {
  probes: Probe[]
  sizes: Record<string, object>
  /** What is otherwise than the preset says. */
  lines: string[]
}

/**
 * Those of a preset and those from outside, or those that are named.
 *
 * @param known the bench's own and those from outside, which have no sizes
 * @param only names of those to be asked alone
 * @throws UserError for a name that none has, with the nearest
 */
export function askProbes(
  known: readonly Probe[],
  preset: PresetName,
  only?: readonly string[],
): AskedProbes {
  const names = known.map(({ name }) => name)
  for (const name of only ?? [])
    if (!names.includes(name))
      throw new UserError(
        `there is no probe '${name}'; did you mean '${nearest(name, names)}'? Known: ${names.join(', ')}`,
      )
  const asked: AskedProbes = { probes: [], sizes: {}, lines: [] }
  for (const probe of known) {
    const { name } = probe
    const own = sizesOf(name)
    if (only ? !only.includes(name) : own && !own[preset]) continue
    const from = own && nearestPreset(own, preset)
    if (from !== undefined && from !== preset)
      asked.lines.push(`${name} in the sizes of '${from}': the preset '${preset}' doesn't ask it`)
    asked.probes.push(probe)
    asked.sizes[name] = from === undefined ? {} : own![from]!
  }
  return asked
}

/** Of a probe from outside undefined. */
const sizesOf = (name: string): Partial<Record<PresetName, object>> | undefined =>
  Object.hasOwn(probeSizes, name) ? probeSizes[name as keyof typeof probeSizes] : undefined

/** The preset itself, the next larger or else the next smaller that asks the probe. */
function nearestPreset(sizes: Partial<Record<PresetName, object>>, preset: PresetName): PresetName {
  const place = presetNames.indexOf(preset)
  const larger = presetNames.slice(place)
  const smaller = presetNames.slice(0, place).toReversed()
  return [...larger, ...smaller].find((name) => sizes[name])!
}
