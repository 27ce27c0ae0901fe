/** Token ids from 0 up; of small vocabularies in fewer bytes. */
export type Tokens = Int32Array | Uint16Array | Uint8Array

/** Tokens that lie elsewhere, in a file, and are read part by part. */
export interface TokenRange {
  readonly length: number
  /** A part, bounds as those of a typed array's; reads nothing. */
  subarray(from?: number, to?: number): TokenRange
  /** All of it, read into memory. */
  load(): Tokens
}

/** A text that stands for itself: windows are taken within it and it is never split between training and evaluation. */
export interface Document<T extends Tokens | TokenRange = Tokens> {
  /** Unique in its corpus, e.g. `moby-dick/chapter-12`. */
  id: string
  tokens: T
}

/** Something that was given and isn't read. */
export interface PassedOver {
  /** A path below what was given. */
  id: string
  /** Why, e.g. `is empty`. */
  reason: string
}

/** Documents in a fixed order. */
export interface Corpus<T extends Tokens | TokenRange = Tokens> {
  name: string
  documents: Document<T>[]
  /** What beside them was found and is not read; nothing where left out. */
  passedOver?: readonly PassedOver[]
}

/** A corpus whose documents may lie elsewhere. */
export type AnyCorpus = Corpus<Tokens | TokenRange>
export type AnyDocument = Document<Tokens | TokenRange>

/** In memory; a view where they were. */
export const loaded = (tokens: Tokens | TokenRange): Tokens => ('load' in tokens ? tokens.load() : tokens)

/** Tokens that are read at once. */
const blockTokens = 1 << 20

/**
 * Tokens in memory one block after another, each with what comes before it; one block where they were in memory.
 *
 * @param before how many tokens before a block's own stand in it too
 * @returns the block, and where its own tokens and it begin in all
 */
export function* blocksOf(
  tokens: Tokens | TokenRange,
  before = 0,
  size = blockTokens,
): Generator<{ block: Tokens; own: number; start: number }, void, void> {
  if (!('load' in tokens)) {
    yield { block: tokens, own: 0, start: 0 }
    return
  }
  for (let own = 0; own < tokens.length; own += size) {
    const start = Math.max(0, own - before)
    yield { block: tokens.subarray(start, own + size).load(), own, start }
  }
}
