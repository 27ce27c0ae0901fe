import { byteTokenizer, type Tokenizer } from '@ttt-e2e/data'
import type { Benchmark } from '../tasks/benchmark'

/** Text of tokens and back, for probes that look for words. */
export interface TextCodec {
  tokenizer: Tokenizer
  textOf(tokens: Int32Array): string
  tokensOf(text: string): Int32Array
  /** Characters before a word that stand in one token with its beginning: a space, but of bytes. */
  lead: number
}

/** Bytes as text of as many characters, and back: positions stay what they are. */
export const textOf = (tokens: Int32Array): string => Buffer.from(tokens).toString('latin1')

export const tokensOf = (text: string): Int32Array => Int32Array.from(Buffer.from(text, 'latin1'))

export const byteCodec: TextCodec = { tokenizer: byteTokenizer, textOf, tokensOf, lead: 0 }

/** Of a given model its tokenizer's, else of bytes. */
export function codecOf({ given }: Pick<Benchmark, 'given'>): TextCodec {
  const tokenizer = given?.model.tokenizer ?? byteTokenizer
  if (tokenizer.name === byteTokenizer.name) return byteCodec
  return {
    tokenizer,
    textOf: (tokens) => tokenizer.decode(tokens),
    tokensOf: (text) => tokenizer.encode(text),
    lead: 1,
  }
}
