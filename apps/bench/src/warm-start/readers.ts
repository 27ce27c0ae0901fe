import { buildSystem, warmArchitecture } from '@ttt-e2e/baselines'
import { loadModel } from '@ttt-e2e/checkpoint'
import type { Tokenizer } from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { warmOptions } from '@ttt-e2e/training'
import type { Architecture } from '@ttt-e2e/swa-transformer'
import type { Params, System } from '@ttt-e2e/ttt-inner'

/** Somebody who reads the held-out documents. */
export interface BookReader {
  name: string
  /** The weights' folder or file, and what they are read as. */
  from: string
  as(architecture: Architecture): Architecture
}

/** Its losses: the mean of each document in each range of token indexes [documents][ranges]. */
export interface Reading {
  name: string
  losses: number[][]
}

/** Loads a reader's model; `dispose` frees it. */
export async function openReader(
  reader: BookReader,
): Promise<{ system: System; params: Params; dispose(): void }> {
  const model = await loadModel(reader.from)
  const system = buildSystem(reader.as(model.system.architecture!))
  return { system, params: model.params, dispose: () => model.dispose() }
}

/** Everybody who reads, and the tokenizer that they share. */
export async function readersOf(recipe: Recipe, folders: { learning: string; twin: string }) {
  const { tokenizer } = await tokenizerOfRun(folders.learning)
  const { chunk } = recipe.size
  const asItIs = (architecture: Architecture) => architecture
  const still = (architecture: Architecture): Architecture => ({
    ...architecture,
    rule: null,
    lossChunk: chunk,
  })
  const untouched = (system: 'swa' | 'full-attention') => (architecture: Architecture) =>
    warmArchitecture(architecture, { ...warmOptions({ ...recipe, system }), system })
  const naive = (rate: number): BookReader => ({
    name: `naive learning, rate ${rate}`,
    from: folders.twin,
    as: (architecture) => ({ ...architecture, rule: { chunk, rate, maxNorm: 1 }, lossChunk: null }),
  })
  const { from } = recipe.warmStart!
  return {
    tokenizer,
    /** The twin that never learned to learn, learning at this rate all the same. */
    naive,
    /** The first one is what the others are compared with. */
    all: (rate: number): BookReader[] => [
      { name: 'TTT-E2E', from: folders.learning, as: asItIs },
      { name: 'learning off', from: folders.learning, as: still },
      { name: 'fine-tuned, never learning', from: folders.twin, as: asItIs },
      naive(rate),
      { name: 'untouched, in the window', from, as: untouched('swa') },
      { name: 'untouched, full attention', from, as: untouched('full-attention') },
    ],
  }
}

async function tokenizerOfRun(folder: string): Promise<{ tokenizer: Tokenizer }> {
  const model = await loadModel(folder)
  model.dispose()
  return model
}
