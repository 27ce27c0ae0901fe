import type { DecodeStream } from './decode-stream'

export interface EncodeOptions {
  /**
   * Whether names of special tokens that stand in the text become these tokens, as a chat template writes them. Where
   * left out they are text like any other, so that no user's text can forge one.
   */
  special?: boolean
}

/** Text to token ids and back. */
export interface Tokenizer {
  /** What it is registered under: `byte`, `symbols`, … */
  name: string
  /** With its name, what it is made from again: it stands in a model's folder as JSON. */
  options?: Readonly<Record<string, unknown>>
  /** Token ids are in [0, vocabularySize). */
  vocabularySize: number
  /** The id that begins a document, where the vocabulary has one. `encode` never adds it. */
  bosToken?: number
  /** Ids that end a text or a turn of a conversation, where the vocabulary has any: a generation ends with them. */
  endTokens?: readonly number[]
  /** How a conversation becomes text, as a Jinja template, where the model was trained on conversations. */
  chatTemplate?: string
  encode(text: string, options?: EncodeOptions): Int32Array
  /** BOS tokens are left out of the text. Throws DataError for an id outside the vocabulary. */
  decode(tokens: ArrayLike<number>): string
  /**
   * Text from tokens as they come.
   *
   * @param unfinished tokens of a character that an earlier stream left; with them, also where there are none, the text
   * goes on from one before
   */
  stream(unfinished?: readonly number[]): DecodeStream
}
