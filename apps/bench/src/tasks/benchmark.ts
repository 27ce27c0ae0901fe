import type { Recipe } from '@ttt-e2e/meta-outer'
import type { Task } from '@ttt-e2e/training'
import type { TaskPreset, UntilConverged } from '../experiment/presets'

/** A task of the experiment: what every system is trained on by one recipe, and what is measured of it. */
export interface Benchmark {
  /** Also the name of its folder. */
  name: string
  /** Of every run; only its system and its seed differ. */
  recipe: Recipe
  untilConverged?: UntilConverged
  /** The recipe's data. */
  task: Task
}

/** The recipe of one run. */
export const recipeOf = (
  { recipe }: Pick<Benchmark, 'recipe'>,
  { system, seed }: { system: string; seed: number },
): Recipe => ({ ...recipe, system, training: { ...recipe.training, seed } })

/** The preset's part of a benchmark, with a recipe that says what it is of. */
export const presetOf = (presetName: string, name: string, { recipe, ...rest }: TaskPreset) => ({
  ...rest,
  name,
  recipe: {
    ...recipe,
    name: `bench-${presetName}/${name}`,
    summary: `of the bench's preset '${presetName}'`,
  },
})
