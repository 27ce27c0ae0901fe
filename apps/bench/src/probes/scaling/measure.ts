import { createSystem } from '@ttt-e2e/baselines'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { trainingIn } from '../../tasks/benchmark'
import type { ModelsContext } from '../probe'
import { trainAndRead, type HowTrained } from '../train-and-read'

export interface ScalingSizes {
  hiddenSizes: readonly number[]
  /** Token budgets, in steps: each has a schedule of its own. */
  steps: readonly number[]
  batch: number
  documents: number
}

/** A model of one size, trained on one budget. */
export interface ScaledModel {
  hiddenSize: number
  parameters: number
  how: HowTrained
  /** Mean nats of each held-out document. */
  documents: number[]
}

export async function measureScaling(context: ModelsContext<ScalingSizes>): Promise<ScaledModel[]> {
  const { benchmark, sizes, system, onProgress } = context
  const { recipe: given } = benchmark
  const measured: ScaledModel[] = []
  for (const hiddenSize of sizes.hiddenSizes)
    for (const steps of sizes.steps) {
      const size = { ...given.size, hiddenSize, intermediateSize: 2.5 * hiddenSize }
      const recipe: Recipe = {
        ...given,
        system,
        size,
        training: trainingIn(benchmark, system, { batch: sizes.batch, steps }),
        evaluation: { documents: sizes.documents, length: given.training.length, every: steps },
      }
      const { how, losses } = await trainAndRead(context, {
        name: `width-${hiddenSize}-steps-${steps}`,
        recipe,
        system,
      })
      measured.push({
        hiddenSize,
        parameters: createSystem(system, size).decoder.parameterCount,
        how,
        documents: losses[system].map((nats) => nats.reduce((sum, each) => sum + each, 0) / nats.length),
      })
      onProgress('sizes and budgets', measured.length, sizes.hiddenSizes.length * sizes.steps.length)
    }
  return measured
}
