import { bigramDocument, bigramOracle, bigramStream, stackReach, type Cursor } from '@ttt-e2e/data'
import { createRandom, fold } from '@ttt-e2e/tensor-ops'
import type { Preset } from '../presets'
import type { Reference, Task } from './task'

/** Far from the seeds of training runs, which count from 0. */
const evaluationSeed = 0x5eed_e7a1

/** Systems that remember nothing but their windows; the reach of the stack bounds what they can ever see. */
const windowOnly = new Set(['swa', 'ttt-static', 'ttt-off'])

/**
 * Bigram languages: each document draws its own table of followers, so that only reading it tells what comes next.
 * The best possible losses are known by counting.
 */
export function languagesTask({ languages: preset }: Preset): Task {
  const { vocabularySize, successors, training, evaluationDocuments } = preset
  const size = { ...preset.size, vocabularySize }
  const length = 4 * training.length
  const reach = stackReach(size.layers, size.window)
  const documents = documentsFrom(evaluationSeed, evaluationDocuments, length)
  const references: Reference[] = [
    {
      name: `limit of a window stack (${reach} tokens)`,
      detail: `best possible prediction from the last ${reach} tokens, all that ${size.layers} layers with a window of ${size.window} can see`,
      losses: documents.map((tokens) => bigramOracle(tokens, { vocabularySize, successors, reach })),
    },
    {
      name: 'limit of full memory',
      detail: 'best possible prediction from everything read so far',
      losses: documents.map((tokens) => bigramOracle(tokens, { vocabularySize, successors })),
    },
  ]
  const uninformed = Math.log(vocabularySize)
  const bestOf = references.map(({ losses }) => meanOfFirst(losses, training.length))

  return {
    name: 'languages',
    title: `bigram languages: ${vocabularySize} symbols, ${successors} followers each, a new language in every document`,
    size,
    training,
    reading: preset.reading,
    evaluation: { length, ids: documents.map((_, i) => `language ${i + 1}`), documents },
    stream: ({ seed, cursor, signal }) =>
      bigramStream({
        vocabularySize,
        successors,
        seed,
        batch: training.batch,
        length: training.length,
        signal,
        cursor: cursor as Cursor | undefined,
      }),
    references,
    knownLosses: (system) => ({ uninformed, best: bestOf[windowOnly.has(system) ? 0 : 1] }),
    data: { vocabularySize, successors },
    notes: [],
  }

  function documentsFrom(seed: number, count: number, tokens: number): Int32Array[] {
    return Array.from({ length: count }, (_, n) => {
      const random = createRandom(fold(seed, n))
      return bigramDocument({ vocabularySize, successors, length: tokens + 1, random }).tokens
    })
  }
}

function meanOfFirst(losses: ArrayLike<number>[], count: number): number {
  let sum = 0
  for (const each of losses) for (let i = 0; i < count; i++) sum += each[i]
  return sum / (losses.length * count)
}
