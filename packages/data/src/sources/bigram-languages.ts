import type { Random } from '@ttt-e2e/tensor-ops'
import { checkWhole } from '../data-error'

/** A family of languages: in each, every symbol has `successors` distinct followers, all equally likely. */
export interface BigramLanguage {
  /** Symbols 0 … vocabularySize − 1. */
  vocabularySize: number
  /** Followers of each symbol, from 1 to vocabularySize; a symbol may follow itself. */
  successors: number
}

export interface BigramDocument {
  /** [length] */
  tokens: Int32Array
  /** [vocabularySize, successors] row-major: the followers of each symbol. */
  table: Int32Array
}

/** @throws DataError if no such language exists. */
export function checkBigramLanguage({ vocabularySize, successors }: BigramLanguage) {
  checkWhole('vocabularySize', vocabularySize, 1)
  checkWhole('successors', successors, 1, vocabularySize)
}

/**
 * Draws a language uniformly (each symbol's followers are a uniformly random subset), then a document in it
 * whose first token is uniform. Only reading the document itself can tell which language it is in.
 *
 * @param options.length tokens in the document.
 * @throws DataError for a language or a length that cannot be.
 */
export function bigramDocument(options: BigramLanguage & { length: number; random: Random }): BigramDocument {
  const { vocabularySize, successors, length, random } = options
  checkBigramLanguage(options)
  checkWhole('length', length, 1)
  const table = new Int32Array(vocabularySize * successors)
  // The first steps of a Fisher–Yates shuffle draw a subset; they may start from any order, so one array serves all.
  const symbols = Int32Array.from({ length: vocabularySize }, (_, symbol) => symbol)
  for (let symbol = 0; symbol < vocabularySize; symbol++) {
    for (let i = 0; i < successors; i++) {
      const j = i + random.integer(vocabularySize - i)
      const drawn = symbols[j]
      symbols[j] = symbols[i]
      symbols[i] = drawn
      table[symbol * successors + i] = drawn
    }
  }
  const tokens = new Int32Array(length)
  tokens[0] = random.integer(vocabularySize)
  for (let i = 1; i < length; i++) {
    tokens[i] = table[tokens[i - 1] * successors + random.integer(successors)]
  }
  return { tokens, table }
}
