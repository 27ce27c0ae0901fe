import { definitionOf, patternLength, type ModelSize } from '@ttt-e2e/baselines'
import type { Preset, TaskPreset } from './presets'

/**
 * A preset with as many layers as the longest pattern of the systems takes, for all of them alike.
 *
 * @returns the preset itself where its layers are enough; else also what its name becomes and why
 */
export function deepEnough(
  presetName: string,
  preset: Preset,
  systems: readonly string[],
): { presetName: string; preset: Preset; line?: string } {
  const { languages, books } = preset
  const { system, layers } = longestPattern(systems, books.recipe.size)
  const given = [languages, books].map(({ recipe }) => recipe.size.layers)
  if (Math.min(...given) >= layers) return { presetName, preset }
  const deepened = ({ recipe, ...task }: TaskPreset): TaskPreset => ({
    ...task,
    recipe: { ...recipe, size: { ...recipe.size, layers: Math.max(recipe.size.layers, layers) } },
  })
  return {
    presetName: `${presetName}-${layers}-layers`,
    preset: { ...preset, languages: deepened(languages), books: deepened(books) },
    line: `${layers} layers instead of ${books.recipe.size.layers}: the pattern of ${system} is as long`,
  }
}

/** How many layers a model must have for the patterns of all these systems. */
export const longestPattern = (systems: readonly string[], size: ModelSize) =>
  systems
    .map((system) => ({ system, layers: patternLength(definitionOf(system), size) }))
    .reduce((a, b) => (b.layers > a.layers ? b : a))
