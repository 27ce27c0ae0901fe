/** Token ids from 0 up; of small vocabularies in fewer bytes. */
export type Tokens = Int32Array | Uint16Array | Uint8Array

/** A text that stands for itself: windows are taken within it and it is never split between training and evaluation. */
export interface Document<T extends Tokens = Tokens> {
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
export interface Corpus {
  name: string
  documents: Document[]
  /** What beside them was found and is not read; nothing where left out. */
  passedOver?: readonly PassedOver[]
}
