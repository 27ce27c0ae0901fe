import { checkTokens, DataError, type Tokenizer } from '@ttt-e2e/data'

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
/** More symbols than letters are shown as ideographs, of which Unicode has a long row. */
const firstIdeograph = 0x4e00

/** A character for each of the symbols of a synthetic language: a, b, c, … in the order of their ids. */
export function symbolTokenizer(vocabularySize: number): Tokenizer {
  const symbols =
    vocabularySize <= letters.length
      ? letters.slice(0, vocabularySize).split('')
      : Array.from({ length: vocabularySize }, (_, n) => String.fromCodePoint(firstIdeograph + n))
  const ids = new Map(symbols.map((symbol, id) => [symbol, id]))
  return {
    name: 'symbols',
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
  }
}
