import { createSystem, definitionOf, type ModelSize } from '@ttt-e2e/baselines'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { trainingIn } from '../../tasks/benchmark'
import type { ModelsContext } from '../probe'
import { trainAndRead, type HowTrained } from '../train-and-read'
import { mean } from '../mean'

export interface AblationsSizes {
  batch: number
  steps: number
  documents: number
}

export interface Ablated {
  /** What is otherwise than in the base: `window 16`, `base`. */
  name: string
  parameters: number
  how: HowTrained
  /** Mean nats over the last quarter of each held-out document. */
  last: number[]
  /** The same of the same weights with learning off; absent where they only make sense with it. */
  lastOff?: number[]
}

/** What reads with TTT-E2E's weights and doesn't learn. */
const learningOff = 'ttt-off'

interface Variant {
  name: string
  size?: Partial<ModelSize>
  system?: string
}

/** The first is the base, which the task's own size is. */
export function variantsOf({ window, chunk, suffixBlocks, layers, innerRate }: ModelSize): Variant[] {
  return [
    { name: 'base' },
    ...[window / 2, 2 * window].map((each) => ({ name: `window ${each}`, size: { window: each } })),
    ...[chunk / 2, 2 * chunk, 4 * chunk].map((each) => ({ name: `chunk ${each}`, size: { chunk: each } })),
    ...[innerRate / 10, 3 * innerRate].map((each) => ({
      name: `inner rate ${each}`,
      size: { innerRate: each },
    })),
    ...[...new Set([2, layers])]
      .filter((each) => each !== suffixBlocks)
      .map((each) => ({ name: `${each} of ${layers} blocks learn`, size: { suffixBlocks: each } })),
    { name: "the MLPs' own down projections learn (in-place-ttt)", system: 'in-place-ttt' },
  ]
}

/** Trains ttt-e2e again with one thing changed at a time. */
export async function measureAblations(context: ModelsContext<AblationsSizes>): Promise<Ablated[]> {
  const { benchmark, sizes, system: base, onProgress } = context
  const { batch, steps, documents } = sizes
  const variants = variantsOf(benchmark.recipe.size)
  const measured: Ablated[] = []
  for (const [n, { name, size, system = base }] of variants.entries()) {
    const { recipe: given } = benchmark
    const recipe: Recipe = {
      ...given,
      system,
      size: { ...given.size, ...size },
      training: trainingIn(benchmark, system, { batch, steps }),
      evaluation: { documents, length: 4 * given.training.length, every: steps },
    }
    const folder = name.replaceAll(/[^a-z0-9.]+/g, '-')
    const readers = definitionOf(learningOff).weightsOf === system ? [system, learningOff] : [system]
    const { how, losses } = await trainAndRead(context, { name: folder, recipe, system, readers })
    const { parameterCount } = createSystem(system, recipe.size).decoder
    const [last, lastOff] = readers.map((reader) => losses[reader].map(lastQuarter))
    measured.push({ name, parameters: parameterCount, how, last, ...(lastOff && { lastOff }) })
    onProgress('ablations', n + 1, variants.length)
  }
  return measured
}

const lastQuarter = (nats: Float32Array): number => mean(nats.subarray(Math.floor(0.75 * nats.length)))
