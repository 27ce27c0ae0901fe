import { definitionOf, patternLength, type ModelSize } from '@ttt-e2e/baselines'
import { standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'

/** What is trained for needles, and how many are looked for. */
export interface NeedleSizes {
  hiddenSize: number
  /** Targets of a training sequence: the longest context that full attention is to solve. */
  length: number
  batch: number
  steps: number
  /** Contexts to test at, in windows. */
  multiples: readonly number[]
  /** Documents for each kind of needle, context and place. */
  documents: number
}

const size: ModelSize = {
  vocabularySize: 64,
  hiddenSize: 64,
  heads: 2,
  layers: 2,
  intermediateSize: 160,
  suffixBlocks: 1,
  window: 16,
  chunk: 8,
  innerRate: 1,
  ropeTheta: 500_000,
}

/** The recipe of one system: two layers, or as many as its pattern takes. */
export function needleRecipe(system: string, sizes: NeedleSizes): Recipe {
  const { hiddenSize, length, batch, steps } = sizes
  const own = { ...size, hiddenSize, intermediateSize: 2.5 * hiddenSize }
  const layers = Math.max(own.layers, patternLength(definitionOf(system), own))
  return {
    name: 'bench/needle',
    summary: 'of the probe of needles',
    system,
    size: { ...own, layers },
    data: { kind: 'needle' },
    training: { length, batch, optimizer: standardOptimizer(standardSchedule(steps, 5e-3)), seed: 0 },
    evaluation: { documents: 8, length, every: steps },
  }
}
