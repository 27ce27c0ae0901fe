import { readDocuments } from '@ttt-e2e/ttt-inner'
import { NothingStored } from '../../experiment/obtain-run'
import { contextsOf, meansOfFirst } from '../../contexts'
import { pieceOf } from '../../piece-of'
import { recipeOf } from '../../tasks/benchmark'
import type { ReaderContext } from '../probe'
import { extended } from './extension'

export interface ContextSizes {
  /**
   * Steps, of as many tokens as its training's, in which full attention is trained on at each context that is longer
   * than its training sequences; 0 for not at all.
   */
  extensionSteps: number
}

export interface ContextLosses {
  /** Mean nats of each document's first tokens, for each context of the task [documents][contexts]. */
  loss: number[][]
  /** Contexts that it was trained on at, and whether it had converged there. */
  extensions: { context: number; converged: boolean; verdict: string }[]
}

/** The reference, which is trained on at every context, as published. */
export const reference = 'full-attention'

/**
 * Mean nats of documents' first tokens against how many these are. The reference reads what is longer than its training
 * sequences with weights that were trained on at that length; every other system as it was trained.
 */
export async function measureContexts(context: ReaderContext<ContextSizes>): Promise<ContextLosses> {
  const { benchmark, system, sizes, heldOutLosses } = context
  const contexts = contextsOf(benchmark.recipe)
  const loss = (await heldOutLosses()).map((nats) => meansOfFirst(nats, contexts))
  const extensions: ContextLosses['extensions'] = []
  const { length } = benchmark.recipe.training
  if (system.name !== reference || sizes.extensionSteps === 0) return { loss, extensions }
  for (const [place, longer] of contexts.entries()) {
    if (longer <= length) continue
    const read = await atContext(longer, context).catch(unlessStored)
    if (!read) break
    const { means, converged, verdict } = read
    means.forEach((mean, document) => (loss[document][place] = mean))
    extensions.push({ context: longer, converged, verdict })
  }
  return { loss, extensions }
}

/** Where models that were trained before only read, one may not have been trained on. */
function unlessStored(error: unknown): undefined {
  if (!(error instanceof NothingStored)) throw error
}

/** Trains the reference on at a context, and reads that much of the documents. */
async function atContext(
  length: number,
  { benchmark, system, seed, sizes, folder, train, signal, onProgress }: ReaderContext<ContextSizes>,
) {
  const { task, recipe } = benchmark
  const model = await train({
    name: `length-${length}`,
    recipe: extended(recipeOf(benchmark, { system: system.name, seed }), length, sizes.extensionSteps),
    from: folder,
  })
  try {
    const losses = await readDocuments({
      system: model.system,
      params: model.params,
      documents: task.heldOut.map(({ tokens }) => tokens.subarray(0, length + 1)),
      piece: pieceOf(recipe.size.window),
      bosToken: task.bosToken,
      signal,
      onPiece: (done, total) => onProgress(`reads ${total} tokens at length ${length}`, done, total),
    })
    const { converged, verdict } = model
    return { means: losses.map((nats) => meansOfFirst(nats, [length])[0]), converged, verdict }
  } finally {
    model.dispose()
  }
}
