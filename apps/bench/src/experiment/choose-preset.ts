import { presetNames, type PresetName } from './presets'

/**
 * The preset of a run: the one that was asked for, else the default; in plain JavaScript one that ends within minutes,
 * unless a longer one was asked for.
 *
 * @param engine the engine's name
 * @returns the preset's name; where neither was taken also why
 */
export function choosePreset(
  engine: string,
  asked: PresetName | undefined,
): { presetName: PresetName; line?: string } {
  if (engine !== 'cpu' || (asked !== undefined && asked !== 'quick'))
    return { presetName: asked ?? 'default' }
  return {
    presetName: 'tiny',
    line: "in plain JavaScript the preset is 'tiny' to end within minutes (--preset default insists)",
  }
}

/** The preset that a stored or deepened one, `quick-6-layers`, was made from. */
export const presetOfName = (name: string): PresetName =>
  presetNames.find((preset) => name === preset || name.startsWith(`${preset}-`)) ?? 'default'
