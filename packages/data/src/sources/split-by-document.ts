import { fold } from '@ttt-e2e/tensor-ops'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { checkWhole, DataError } from '../data-error'
import {
  blocksOf,
  loaded,
  type AnyDocument,
  type Corpus,
  type Document,
  type TokenRange,
  type Tokens,
} from './document'
import { passagesOf } from './shared-passage'

export interface SplitOptions {
  /** Every n-th document is held out: numbers n − 1, 2n − 1, … of those that may be. From 2 up. */
  heldOutEvery: number
  /** Documents of fewer tokens are never held out, e.g. 4 × 1024 + 1 for an evaluation at length 4096; 1 when absent. */
  minimumHeldOutLength?: number
  /** Documents for training that repeat a run of this many held-out tokens are dropped; 256 when absent. */
  passageLength?: number
  /** Tokens that are blank, as `passagesOf` takes them; none when absent. */
  isBlank?: (token: number) => boolean
}

export interface Split<T extends Tokens | TokenRange = Tokens> {
  train: Corpus<T>
  heldOut: Corpus<T>
  /** Documents in neither part: copies of an earlier document, and those that would show held-out text to training. */
  dropped: Document<T>[]
}

/**
 * Splits a corpus into training and evaluation by whole documents, in the corpus's order and without chance.
 *
 * Text that occurs twice does not get across: copies of a document count once, and a training document that
 * holds a long passage of a held-out one (a book beside its chapters, a speech that quotes another) is dropped.
 *
 * @throws DataError if nothing would be held out or nothing left to train on.
 */
export function splitByDocument<T extends Tokens | TokenRange>(
  corpus: Corpus<T>,
  options: SplitOptions,
): Split<T> {
  const { heldOutEvery, minimumHeldOutLength = 1, passageLength = 256, isBlank } = options
  checkWhole('heldOutEvery', heldOutEvery, 2)
  checkWhole('minimumHeldOutLength', minimumHeldOutLength, 0)
  checkWhole('passageLength', passageLength, 2)

  const distinct = firstOfEachText(corpus.documents)
  const eligible = distinct.filter(({ tokens }) => tokens.length >= minimumHeldOutLength)
  const heldOut = eligible.filter((_, index) => index % heldOutEvery === heldOutEvery - 1)
  if (heldOut.length === 0) {
    throw new DataError(
      `'${corpus.name}' has ${counted(eligible.length, 'different document')} of at least ${counted(minimumHeldOutLength, 'token')}; ` +
        `holding out every ${heldOutEvery}th needs at least ${heldOutEvery}`,
    )
  }

  const isHeldOut = new Set(heldOut)
  const passages = passagesOf(heldOut, passageLength, isBlank)
  const repeatsHeldOut = (document: Document<T>) => passages([document]).next().done === false
  const train = distinct.filter((document) => !isHeldOut.has(document) && !repeatsHeldOut(document))
  if (train.length === 0) {
    throw new DataError(
      `every other document of '${corpus.name}' repeats ${passageLength} tokens of a held-out one; ` +
        'at least one must be different to train on',
    )
  }
  const isTrain = new Set(train)
  return {
    train: { name: `${corpus.name}/train`, documents: train },
    heldOut: { name: `${corpus.name}/held-out`, documents: heldOut },
    dropped: corpus.documents.filter((document) => !isHeldOut.has(document) && !isTrain.has(document)),
  }
}

function firstOfEachText<T extends Tokens | TokenRange>(documents: Document<T>[]): Document<T>[] {
  const byHash = new Map<number, Document<T>[]>()
  return documents.filter((document) => {
    const hash = fold(document.tokens.length, ...loaded(document.tokens.subarray(0, hashedTokens)))
    const alike = byHash.get(hash) ?? []
    byHash.set(hash, [...alike, document])
    return !alike.some((other) => isSameText(other, document))
  })
}

/** Enough that texts that only begin alike are few. */
const hashedTokens = 256

function isSameText({ tokens: a }: AnyDocument, { tokens: b }: AnyDocument): boolean {
  if (a.length !== b.length) return false
  for (const { block, start } of blocksOf(a)) {
    const other = loaded(b.subarray(start, start + block.length))
    if (!block.every((token, i) => token === other[i])) return false
  }
  return true
}
