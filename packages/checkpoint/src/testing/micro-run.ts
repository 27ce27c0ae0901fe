import { createSystem } from '@ttt-e2e/baselines'
import { standardOptimizer, standardSchedule, startRun, type Recipe } from '@ttt-e2e/meta-outer'

/** A recipe whose model is made and read with in milliseconds. */
export const microRecipe = (system = 'ttt-e2e'): Recipe => ({
  name: 'micro/text',
  summary: 'for tests',
  system,
  size: {
    vocabularySize: 257,
    hiddenSize: 8,
    heads: 2,
    layers: 3,
    intermediateSize: 16,
    suffixBlocks: 2,
    window: 6,
    chunk: 4,
    innerRate: 1,
    ropeTheta: 10_000,
  },
  data: { kind: 'text', path: 'book.txt', rows: 'windows' },
  training: { length: 16, batch: 2, optimizer: standardOptimizer(standardSchedule(20, 1e-2)), seed: 1 },
  evaluation: { documents: 2, length: 32, every: 10 },
})

/** A run to save: its parameters as they are drawn, `step` and what belongs to it made up. */
export function microRun(recipe = microRecipe(), step = 0) {
  const state = startRun(createSystem(recipe.system, recipe.size), recipe.training.seed)
  Object.assign(state, { step, tokens: 32 * step, ...(step > 0 && { cursor: { nextSample: 2 * step } }) })
  return {
    recipe,
    state,
    engine: { name: 'cpu', description: 'plain JavaScript', precision: 'f32' } as const,
  }
}
