import type { Benchmark } from '../tasks/benchmark'
import type { GivenModel } from './given-model'

/** Of a probe that asks about steps of learning. */
export const unlessLearning = ({ model }: GivenModel): string | undefined =>
  model.system.rule ? undefined : "the model doesn't learn while it reads"

/**
 * Of a probe that asks about what has left the windows.
 *
 * @param beside tokens of a document that it needs beside those that the windows see, for each time that they are filled
 */
export function unlessLeft(
  { reach }: GivenModel,
  { recipe }: Benchmark,
  { filled, beside }: { filled: number; beside: number },
): string | undefined {
  if (reach === Infinity)
    return 'a layer of the model attends to all that was read, so nothing ever leaves its windows'
  const needed = filled * reach + beside
  if (recipe.evaluation.length >= needed) return undefined
  return `the model's windows see ${reach} tokens back, so it takes documents of ${needed}, and ${recipe.evaluation.length} are read (--set evaluation.length=${needed})`
}
