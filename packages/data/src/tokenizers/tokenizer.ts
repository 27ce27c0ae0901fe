/** Text to token ids and back. */
export interface Tokenizer {
  name: string
  /** Token ids are in [0, vocabularySize). */
  vocabularySize: number
  /** The id that begins a document, where the vocabulary has one. `encode` never adds it. */
  bosToken?: number
  encode(text: string): Int32Array
  /** BOS tokens are left out of the text. Throws DataError for an id outside the vocabulary. */
  decode(tokens: ArrayLike<number>): string
}
