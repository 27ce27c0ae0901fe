/** A text that stands for itself: windows are taken within it and it is never split between training and evaluation. */
export interface Document {
  /** Unique in its corpus, e.g. `moby-dick/chapter-12`. */
  id: string
  tokens: Int32Array
}

/** Documents in a fixed order. */
export interface Corpus {
  name: string
  documents: Document[]
}
