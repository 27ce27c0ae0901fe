import { bigramDocument, bigramOracle, bigramStream, stackReach, type Cursor } from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { createRandom, fold } from '@ttt-e2e/tensor-ops'
import { heldOutSeed } from '../seeds'
import type { Reference, Task } from './task'

/** Systems that remember nothing but their windows; the reach of the stack bounds what they can ever see. */
const windowOnly = new Set(['swa', 'ttt-static', 'ttt-off'])

/**
 * Bigram languages: each document draws its own table of followers, so that only reading it tells what comes next.
 * The best possible losses are known by counting.
 */
export function languagesTask({ size, training, evaluation }: Recipe, successors: number): Task {
  const { vocabularySize, layers, window } = size
  const language = { vocabularySize, successors }
  const reach = stackReach(layers, window)
  const heldOut = Array.from({ length: evaluation.documents }, (_, n) => {
    const random = createRandom(fold(heldOutSeed, n))
    const { tokens } = bigramDocument({ ...language, length: evaluation.length + 1, random })
    return { id: `language ${n + 1}`, tokens }
  })
  const lossesWith = (options: { reach?: number }) =>
    heldOut.map(({ tokens }) => bigramOracle(tokens, { ...language, ...options }))
  const counted = once((): Reference[] => [
    {
      name: `limit of a window stack (${reach} tokens)`,
      detail: `best possible prediction from the last ${reach} tokens, all that ${layers} layers with a window of ${window} can see`,
      losses: lossesWith({ reach }),
    },
    {
      name: 'limit of full memory',
      detail: 'best possible prediction from everything read so far',
      losses: lossesWith({}),
    },
  ])
  return {
    title: `bigram languages: ${vocabularySize} symbols, ${successors} followers each, a new language in every document`,
    summary: `bigram languages of ${vocabularySize} symbols, ${successors} followers each`,
    stream: ({ seed, batch = training.batch, length = training.length, cursor, signal, rows }) =>
      bigramStream({
        ...language,
        seed,
        batch,
        length,
        signal,
        ...(rows && { rows }),
        cursor: cursor as Cursor | undefined,
      }),
    heldOut,
    references: counted,
    knownLosses(system) {
      const { losses } = counted()[windowOnly.has(system) ? 0 : 1]
      return { uninformed: Math.log(vocabularySize), best: meanOfFirst(losses, training.length) }
    },
    fingerprint: () => ({ ...language }),
    notes: [],
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

function meanOfFirst(losses: ArrayLike<number>[], count: number): number {
  let sum = 0
  for (const each of losses) for (let i = 0; i < count; i++) sum += each[i]
  return sum / (losses.length * count)
}
