import type { Progress } from '@ttt-e2e/cli'
import type { Document, Tokenizer } from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { createRandom } from '@ttt-e2e/tensor-ops'
import { openTask, seedsOf } from '@ttt-e2e/training'
import type { LossFile } from './loss-file'
import type { BookReader } from './readers'

/** Sequences of training text that the rate is chosen on, of so many tokens each at the most. */
const [sequences, longest] = [3, 4096]

/**
 * The inner rate at which learning serves best a model that wasn't trained for it: the one with the lowest loss over the
 * second half of some training text. Held-out text is left for the comparison.
 */
export async function bestRate(
  { naive }: { naive(rate: number): BookReader },
  recipe: Recipe,
  options: {
    rates: readonly number[]
    tokenizer: Tokenizer
    losses: LossFile
    signal: AbortSignal
    progress: Progress
  },
): Promise<number> {
  const { rates, tokenizer, losses, signal, progress } = options
  const length = Math.min(longest, recipe.evaluation.length)
  const documents = await trainingText(recipe, tokenizer, length)
  const last = losses.ranges.filter(({ to }) => to <= length).length - 1
  const means: number[] = []
  for (const rate of rates) {
    const reading = await losses.of(naive(rate), documents, {
      signal,
      progress,
      bosToken: tokenizer.bosToken,
    })
    means.push(reading.losses.reduce((sum, row) => sum + row[last], 0) / documents.length)
  }
  const best = means.indexOf(Math.min(...means))
  const told = rates.map((rate, i) => `${rate}: ${means[i].toFixed(3)}`).join(', ')
  progress.print(`naive learning by its rate, on training text: ${told}`)
  return rates[best]
}

/** Drawn as the runs draw it, by another seed. */
async function trainingText(
  recipe: Recipe,
  tokenizer: Tokenizer,
  length: number,
): Promise<Document<Int32Array>[]> {
  const training = { ...recipe.training, batch: sequences, length }
  const task = await openTask({ ...recipe, training }, { tokenizer })
  const seed = createRandom(seedsOf(recipe.training.seed).data).integer(2 ** 31)
  for await (const batch of task.stream({ seed }))
    return Array.from({ length: sequences }, (_, row) => ({
      id: `training text ${row + 1}`,
      tokens: batch.tokens.slice(row * (length + 1), (row + 1) * (length + 1)),
    }))
  return []
}
