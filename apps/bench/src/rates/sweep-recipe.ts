import { definitionOf, patternLength } from '@ttt-e2e/baselines'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { resolveRecipe } from '@ttt-e2e/training'
import { presets } from '../experiment/presets'
import type { TaskName } from '../tasks'

/** The peak rates that every system is trained with. */
export const grid = [5e-4, 1e-3, 2e-3, 4e-3, 8e-3] as const

/**
 * The default preset's recipes on few tokens: as many of the languages as full attention takes to learn to copy, whatever
 * the rate; of the books a sixth.
 */
const budgets = {
  languages: { batch: 4, steps: 800 },
  books: { batch: 1, steps: 200 },
} satisfies Record<TaskName, object>

/** Documents whose loss decides, each as long as a training sequence. */
const documents = 64

/** What a system is trained by at a peak rate; with as many layers as its pattern takes. */
export function sweepRecipe(task: TaskName, system: string, rate: number): Recipe {
  const { recipe } = presets.default[task]
  const { batch, steps } = budgets[task]
  const schedule = 'training.optimizer.schedule'
  const settings = [
    `size.layers=${Math.max(recipe.size.layers, patternLength(definitionOf(system), recipe.size))}`,
    `training.batch=${batch}`,
    `${schedule}.steps=${steps}`,
    `${schedule}.peakLearningRate=${rate}`,
    `evaluation.documents=${documents}`,
    `evaluation.length=${recipe.training.length}`,
    `evaluation.every=${steps}`,
  ]
  return { ...resolveRecipe(recipe, { system, settings }), name: `bench-rates/${task}` }
}
