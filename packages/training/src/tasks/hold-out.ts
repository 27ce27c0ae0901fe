import {
  blankTokens,
  DataError,
  passagesOf,
  splitByDocument,
  type AnyDocument,
  type Corpus,
  type Tokenizer,
  type TokenRange,
  type Tokens,
} from '@ttt-e2e/data'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { TrainingError } from '../training-error'

/** A corpus in two parts, and a sentence that says how it was divided. */
export interface HeldOut<T extends Tokens | TokenRange = Tokens> {
  train: Corpus<T>
  heldOut: Corpus<T>
  how: string
}

/** As many equal tokens in training and held out are a passage of both, or as many as are measured, where those are fewer. */
const [shortestPassage, longestPassage] = [64, 256]

/**
 * Holds out every n-th of the documents that are long enough; where there are too few, the last fifth of every
 * document, cut into pieces, which a single document allows too. Text that stands on both sides is taken from one.
 *
 * @param width tokens of a held-out document, one more than are predicted
 * @param options.heldOutEvery n; a tenth where left out
 * @param options.tokenizer what made the tokens, where lines that end or are broken in another way are the same text
 * @throws TrainingError if no document has a fifth that is as long, or all that could be held out is repeated elsewhere
 */
export function holdOut<T extends Tokens | TokenRange>(
  corpus: Corpus<T>,
  width: number,
  { heldOutEvery = 10, tokenizer }: { heldOutEvery?: number; tokenizer?: Tokenizer } = {},
): HeldOut<T> {
  const passageLength = Math.min(longestPassage, Math.max(shortestPassage, width))
  const isBlank = tokenizer && blankTokens(tokenizer)
  try {
    const { dropped, ...split } = splitByDocument(corpus, {
      heldOutEvery,
      minimumHeldOutLength: width,
      passageLength,
      isBlank,
    })
    return { ...split, how: `Every ${ordinal(heldOutEvery)} long document is held out${leftOut(dropped)}.` }
  } catch (error) {
    if (!(error instanceof DataError)) throw error
  }
  const parts = corpus.documents.map(({ id, tokens }) => {
    const border = Math.floor(tokens.length * 0.8)
    return { id, before: partOf(tokens, 0, border), after: partOf(tokens, border) }
  })
  const pieces = parts.flatMap((part) =>
    Array.from({ length: Math.floor(part.after.length / width) }, (_, n) => ({
      part,
      start: n * width,
      id: `${part.id} from byte ${n * width} of its part`,
      tokens: partOf(part.after, n * width, (n + 1) * width),
    })),
  )
  if (pieces.length === 0)
    throw new TrainingError(
      `'${corpus.name}' has no document of which a fifth is ${width} bytes; bring more text or set evaluation.length lower`,
    )
  const train = parts.map(({ id, before }) => ({ id, tokens: before }))
  const trainedOn = trainedPlaces(parts, (originals) => passagesOf(originals, passageLength, isBlank))
  const isRepeated = ({ part, start }: (typeof pieces)[number]) =>
    trainedOn.get(part)?.some((at) => start < at + passageLength && at - passageLength < start + width) ??
    false
  const repeated = pieces.filter(isRepeated)
  const heldOut = pieces.filter((piece) => !isRepeated(piece)).map(({ id, tokens }) => ({ id, tokens }))
  if (heldOut.length === 0)
    throw new TrainingError(
      `'${corpus.name}' repeats itself: each of the ${counted(pieces.length, 'piece')} of ${width} bytes that could be held out shares ` +
        'a passage with text that is trained on; bring text that differs',
    )
  return {
    train: { name: `${corpus.name}/train`, documents: train },
    heldOut: { name: `${corpus.name}/held-out`, documents: heldOut },
    how:
      'Too few different long documents to hold some out: the last fifth of each is held out, cut into pieces' +
      (repeated.length === 0
        ? '.'
        : `; not measured on, as they share passages with what is trained on: ${named(repeated)}.`),
  }
}

const ordinal = (n: number): string => (n === 10 ? 'tenth' : `${n}${['st', 'nd', 'rd'][n - 1] ?? 'th'}`)

/** Of the same kind as the whole. */
const partOf = <T extends Tokens | TokenRange>(tokens: T, from: number, to?: number): T =>
  tokens.subarray(from, to) as T

interface Part {
  id: string
  before: AnyDocument['tokens']
  after: AnyDocument['tokens']
}

/** For each part, about where what is held out of it has passages that are trained on, of any part. */
function trainedPlaces(
  parts: readonly Part[],
  passagesIn: (
    originals: { part: Part; tokens: Part['after'] }[],
  ) => (
    documents: Iterable<Pick<AnyDocument, 'tokens'>>,
  ) => Iterable<{ original: { part: Part }; at: number }>,
): Map<Part, number[]> {
  const passages = passagesIn(parts.map((part) => ({ part, tokens: part.after })))
  const places = new Map<Part, number[]>()
  for (const { original, at } of passages(parts.map(({ before }) => ({ tokens: before })))) {
    const known = places.get(original.part)
    if (known) known.push(at)
    else places.set(original.part, [at])
  }
  return places
}

const leftOut = (dropped: readonly AnyDocument[]) =>
  dropped.length === 0 ? '' : `; left out, as they repeat one another or what is held out: ${named(dropped)}`

function named(documents: readonly AnyDocument[], shown = 5): string {
  const ids = documents.slice(0, shown).map(({ id }) => `'${id}'`)
  const more = documents.length - ids.length
  return ids.join(', ') + (more > 0 ? ` and ${more} more` : '')
}
