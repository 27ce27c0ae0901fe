import { DataError, passagesOf, splitByDocument, type Corpus, type Document } from '@ttt-e2e/data'
import { TrainingError } from '../training-error'

/** A corpus in two parts, and a sentence that says how it was divided. */
export interface HeldOut {
  train: Corpus
  heldOut: Corpus
  how: string
}

/** As many equal tokens in training and held out are a passage of both; fewer where what is held out is shorter. */
const passageLength = 256

/**
 * Holds out every tenth of the documents that are long enough; where there are too few, the last fifth of every
 * document, cut into pieces, which a single document allows too. Text that stands on both sides is taken from one.
 *
 * @param width tokens of a held-out document, one more than are predicted
 * @throws TrainingError if no document has a fifth that is as long, or all that could be held out is repeated elsewhere
 */
export function holdOut(corpus: Corpus, width: number): HeldOut {
  try {
    const { dropped, ...split } = splitByDocument(corpus, { heldOutEvery: 10, minimumHeldOutLength: width })
    return { ...split, how: `Every tenth long document is held out${leftOut(dropped)}.` }
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
  const train = parts.map(({ id, before }) => ({ id, tokens: before }))
  const repeated = trainedOn(train, pieces, Math.min(passageLength, width))
  const heldOut = pieces.filter((piece) => !repeated.has(piece))
  if (heldOut.length === 0)
    throw new TrainingError(
      `'${corpus.name}' repeats itself: each of the ${pieces.length} pieces of ${width} bytes that could be held out shares ` +
        'a passage with text that is trained on; bring text that differs',
    )
  return {
    train: { name: `${corpus.name}/train`, documents: train },
    heldOut: { name: `${corpus.name}/held-out`, documents: heldOut },
    how:
      'Too few different long documents to hold some out: the last fifth of each is held out, cut into pieces' +
      (repeated.size === 0
        ? '.'
        : `; not measured on, as they share passages with what is trained on: ${named([...repeated])}.`),
  }
}

/** The held-out pieces of which a passage stands in training. */
function trainedOn(train: Document[], pieces: Document[], length: number): Set<Document> {
  const passages = passagesOf(pieces, length)
  return new Set(train.flatMap((document) => [...new Set(passages(document))]))
}

const leftOut = (dropped: readonly Document[]) =>
  dropped.length === 0 ? '' : `; left out, as they repeat one another or what is held out: ${named(dropped)}`

function named(documents: readonly Document[], shown = 5): string {
  const ids = documents.slice(0, shown).map(({ id }) => `'${id}'`)
  const more = documents.length - ids.length
  return ids.join(', ') + (more > 0 ? ` and ${more} more` : '')
}
