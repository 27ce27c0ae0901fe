import { DataError, splitByDocument, type Corpus } from '@ttt-e2e/data'
import { TrainingError } from '../training-error'

/** A corpus in two parts, and a sentence that says how it was divided. */
export interface HeldOut {
  train: Corpus
  heldOut: Corpus
  how: string
}

/**
 * Holds out every tenth of the documents that are long enough; where there are too few, the last fifth of every
 * document, cut into pieces, which a single document allows too.
 *
 * @param width tokens of a held-out document, one more than are predicted
 * @throws TrainingError if no document has a fifth that is as long
 */
export function holdOut(corpus: Corpus, width: number): HeldOut {
  try {
    const split = splitByDocument(corpus, { heldOutEvery: 10, minimumHeldOutLength: width })
    return {
      ...split,
      how: 'Every tenth long document is held out; text that repeats one is left out of training.',
    }
  } catch (error) {
    if (!(error instanceof DataError)) throw error
  }
  const parts = corpus.documents.map(({ id, tokens }) => {
    const border = Math.floor(tokens.length * 0.8)
    return { id, before: tokens.subarray(0, border), after: tokens.subarray(border) }
  })
  const pieces = parts.flatMap(({ id, after }) =>
    Array.from({ length: Math.floor(after.length / width) }, (_, n) => ({
      id: `${id} from byte ${n * width} of its part`,
      tokens: after.subarray(n * width, (n + 1) * width),
    })),
  )
  if (pieces.length === 0)
    throw new TrainingError(
      `'${corpus.name}' has no document of which a fifth is ${width} bytes; bring more text or set evaluation.length lower`,
    )
  return {
    train: {
      name: `${corpus.name}/train`,
      documents: parts.map(({ id, before }) => ({ id, tokens: before })),
    },
    heldOut: { name: `${corpus.name}/held-out`, documents: pieces },
    how: 'Too few different long documents to hold some out: the last fifth of each is held out, cut into pieces; passages that documents share are on both sides.',
  }
}
