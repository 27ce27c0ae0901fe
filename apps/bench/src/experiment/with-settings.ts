import { resolveRecipe } from '@ttt-e2e/training'
import { taskNames } from '../tasks'
import type { BenchOptions } from './options'
import type { Preset, TaskPreset } from './presets'

/** Set, it is every system's rate. */
const ratePath = 'training.optimizer.schedule.peakLearningRate'

/**
 * A preset whose recipes have a caller's settings: that of the task which is asked for, or all.
 *
 * @returns the preset itself where there are none; else also what its name becomes
 * @throws TrainingError for a setting that a recipe doesn't have, or sizes that don't fit each other
 */
export function withSettings(
  presetName: string,
  preset: Preset,
  { settings = [], task }: Pick<BenchOptions, 'settings' | 'task'>,
): { presetName: string; preset: Preset } {
  if (settings.length === 0) return { presetName, preset }
  const changed = { ...preset }
  for (const name of task === undefined ? taskNames : [task]) {
    const given: TaskPreset = preset[name]
    const { rates, ...rest } = given
    changed[name] = {
      ...rest,
      recipe: resolveRecipe(given.recipe, { settings }),
      ...(!settings.some((setting) => setting.startsWith(`${ratePath}=`)) && { rates }),
    }
  }
  const short = settings.map((setting) => setting.slice(setting.lastIndexOf('.') + 1))
  return { presetName: [presetName, ...short].join('-'), preset: changed }
}
