import type { ModelSize } from '@ttt-e2e/baselines'
import { standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'
import type { ModelsContext } from '../probe'
import { trainAndRead, type HowTrained } from '../train-and-read'
import { mean } from '../mean'

export interface ToySizes {
  hiddenSize: number
  batch: number
  steps: number
  /** Held-out documents. */
  documents: number
}

/** One line of the figure: a system that reads at a chunk. */
export interface ToyLine {
  /** `ttt-e2e, chunk 16` */
  name: string
  chunk: number
  how: HowTrained
  /** Mean nats of each document. */
  documents: number[]
  /** Mean nats over the documents at each index. */
  byIndex: number[]
}

/** As published. */
const context = 128
export const chunks = [1, 16] as const

/** What is trained, in the order of the figure; each a unit of work. */
export const toySystems = ['ttt-e2e', 'ttt-static', 'swa', 'full-attention']

/** Trains one of them: two blocks that look at no other token, but for full attention's. */
export async function measureToy(context: ModelsContext<ToySizes>): Promise<ToyLine[]> {
  const { system, onProgress } = context
  const lines: ToyLine[] = []
  const variants = variantsOf(system)
  for (const [n, { chunk, readers }] of variants.entries()) {
    const recipe = recipeOf(system, chunk, context)
    const { how, losses } = await trainAndRead(context, { name: `chunk-${chunk}`, recipe, system, readers })
    for (const [reader, nats] of Object.entries(losses))
      lines.push({
        name: nameOf(reader, chunk),
        chunk,
        how,
        documents: nats.map((each) => mean([...each])),
        byIndex: Array.from(nats[0], (_, i) => mean(nats.map((each) => each[i]))),
      })
    onProgress('the toy', n + 1, variants.length)
  }
  return lines
}

/** A system without a rule is trained once: what is naive about its reader is only its chunk. */
const variantsOf = (system: string) =>
  chunks
    .filter((chunk) => chunk === 1 || system === 'ttt-e2e' || system === 'ttt-static')
    .map((chunk) => ({ chunk, readers: [system === 'ttt-static' ? 'ttt-naive' : system] }))

const nameOf = (reader: string, chunk: number) =>
  reader === 'swa' ? 'bigram' : reader === 'full-attention' ? reader : `${reader}, chunk ${chunk}`

function recipeOf(
  system: string,
  chunk: number,
  { benchmark, sizes }: Pick<ModelsContext<ToySizes>, 'benchmark' | 'sizes'>,
): Recipe {
  const { recipe } = benchmark
  const { hiddenSize, batch, steps, documents } = sizes
  const size: ModelSize = {
    ...recipe.size,
    hiddenSize,
    heads: 2,
    intermediateSize: 2.5 * hiddenSize,
    layers: 2,
    suffixBlocks: 1,
    // A token that sees itself alone: attention is one more linear layer.
    window: 1,
    chunk,
  }
  return {
    ...recipe,
    name: 'bench/toy',
    summary: 'of the probe of two blocks without attention',
    system,
    size,
    training: {
      length: context,
      batch,
      optimizer: standardOptimizer(standardSchedule(steps, 5e-3)),
      seed: 0,
    },
    evaluation: { documents, length: context, every: steps },
  }
}
