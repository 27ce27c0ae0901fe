import { checkWhole, DataError } from '../../data-error'
import { checkTokens } from '../../stream/check-tokens'
import { DecodeStream } from '../decode-stream'
import type { Tokenizer } from '../tokenizer'

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
/** More symbols than letters are shown as ideographs, of which Unicode has a long row. */
const firstIdeograph = 0x4e00

/**
 * A character for each of the symbols of a synthetic language: a, b, c, … in the order of their ids.
 *
 * @throws DataError if the vocabulary's size is none
 */
export function symbolTokenizer(vocabularySize: number): Tokenizer {
  checkWhole('vocabularySize', vocabularySize, 1)
  const symbols =
    vocabularySize <= letters.length
      ? letters.slice(0, vocabularySize).split('')
      : Array.from({ length: vocabularySize }, (_, n) => String.fromCodePoint(firstIdeograph + n))
  const ids = new Map(symbols.map((symbol, id) => [symbol, id]))
  const tokenizer: Tokenizer = {
    name: 'symbols',
    options: { vocabularySize },
    vocabularySize,
    encode: (text) =>
      Int32Array.from([...text], (symbol) => {
        const id = ids.get(symbol)
        if (id !== undefined) return id
        throw new DataError(
          `'${symbol}' is no symbol of this language; its symbols are ${symbols[0]} to ${symbols[vocabularySize - 1]}`,
        )
      }),
    decode(tokens) {
      checkTokens(tokens, vocabularySize)
      return Array.from(tokens, (token) => symbols[token]).join('')
    },
    stream: (unfinished) => new DecodeStream(tokenizer, unfinished),
  }
  return tokenizer
}
