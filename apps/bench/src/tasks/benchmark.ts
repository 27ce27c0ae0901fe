import { standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'
import { createSystem } from '@ttt-e2e/baselines'
import type { Task } from '@ttt-e2e/training'
import type { System } from '@ttt-e2e/ttt-inner'
import type { TaskPreset, UntilConverged } from '../experiment/presets'
import type { GivenModel } from '../given/given-model'
import type { SystemRate } from '../rates/system-rate'

/** A task of the experiment: what every system is trained on by one recipe, and what is measured of it. */
export interface Benchmark {
  /** Also the name of its folder. */
  name: string
  /** Of every run; only its system and its seed differ. */
  recipe: Recipe
  untilConverged?: UntilConverged
  /** Peak rates of systems; the recipe's for those that have none. */
  rates?: Record<string, SystemRate>
  /** The recipe's data. */
  task: Task
  /** A model that is read with as it is; nothing is trained then. */
  given?: GivenModel
  /** Of the text that is predicted of each held-out document, where it is text and a given model reads it. */
  bytes?: number[]
}

/** A system by its name, as the task has it. */
export const systemOf = ({ recipe, given }: Pick<Benchmark, 'recipe' | 'given'>, name: string): System =>
  given ? given.systems[name] : createSystem(name, recipe.size)

/** The recipe of one run. */
export function recipeOf(
  benchmark: Pick<Benchmark, 'recipe' | 'rates'>,
  { system, seed }: { system: string; seed: number },
): Recipe {
  const { recipe } = benchmark
  const { optimizer } = recipe.training
  const schedule = { ...optimizer.schedule, peakLearningRate: peakRateOf(benchmark, system) }
  return {
    ...recipe,
    system,
    training: { ...recipe.training, optimizer: { ...optimizer, schedule }, seed },
  }
}

/** The peak rate that a system is trained by: its own, else the recipe's. */
export const peakRateOf = ({ recipe, rates }: Pick<Benchmark, 'recipe' | 'rates'>, system: string): number =>
  rates?.[system]?.rate ?? recipe.training.optimizer.schedule.peakLearningRate

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

/** What a system is trained by on the task, in other steps: a curriculum keeps its share of them. */
export function trainingIn(
  benchmark: Pick<Benchmark, 'recipe' | 'rates'>,
  system: string,
  { batch, steps }: { batch: number; steps: number },
): Recipe['training'] {
  const { training } = benchmark.recipe
  const { curriculum, optimizer } = training
  return {
    ...training,
    batch,
    ...(curriculum && {
      curriculum: {
        ...curriculum,
        steps: Math.floor((curriculum.steps * steps) / optimizer.schedule.steps),
      },
    }),
    optimizer: standardOptimizer(standardSchedule(steps, peakRateOf(benchmark, system))),
  }
}
