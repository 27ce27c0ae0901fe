import { DataError } from '../data-error'
import { byteTokenizer } from './byte/byte-tokenizer'
import { noTokenizer } from './none/no-tokenizer'
import { symbolTokenizer } from './symbols/symbol-tokenizer'
import type { Tokenizer } from './tokenizer'

/** A tokenizer as a model's folder names it. */
export interface TokenizerRecord {
  name: string
  options?: Readonly<Record<string, unknown>>
}

/** Makes a tokenizer from what its record says. @throws DataError for options that it doesn't know */
export type TokenizerMaker = (options: Readonly<Record<string, unknown>>) => Tokenizer | Promise<Tokenizer>

/** Every tokenizer by name: a new one is a folder and a line here, or given to whoever opens a model. */
export const tokenizers: Readonly<Record<string, TokenizerMaker>> = {
  byte: () => byteTokenizer,
  symbols: ({ vocabularySize }) => symbolTokenizer(vocabularySize as number),
  none: ({ vocabularySize }) => noTokenizer(vocabularySize as number),
  'llama-3': async () => (await import('./llama-3/llama-3-tokenizer')).llama3Tokenizer(),
  'hugging-face': async (options) =>
    (await import('./hugging-face/hugging-face-tokenizer')).huggingFaceTokenizer(options),
}

/** What `createTokenizer` makes it from again. */
export const recordOfTokenizer = ({
  name,
  options,
}: Pick<Tokenizer, 'name' | 'options'>): TokenizerRecord => ({
  name,
  ...(options && { options }),
})

/**
 * @param more tokenizers from outside, by name; they go before those of the registry
 * @throws DataError for a name that neither has, or options that the tokenizer doesn't know
 */
export async function createTokenizer(
  { name, options = {} }: TokenizerRecord,
  more: Readonly<Record<string, TokenizerMaker>> = {},
): Promise<Tokenizer> {
  const known = { ...tokenizers, ...more }
  if (!Object.hasOwn(known, name))
    throw new DataError(`unknown tokenizer '${name}'; known: ${Object.keys(known).join(', ')}`)
  return known[name](options)
}
