import { DataError } from '../data-error'

/**
 * Checks that every token is a whole number in [0, vocabularySize).
 *
 * @param where names the tokens in the message, e.g. "document 'a.txt'".
 * @throws DataError naming the first bad token and its position.
 */
export function checkTokens(tokens: ArrayLike<number>, vocabularySize: number, where?: string) {
  for (let position = 0; position < tokens.length; position++) {
    const token = tokens[position]
    if (token >= 0 && token < vocabularySize && Number.isInteger(token)) continue
    const prefix = where === undefined ? '' : `${where}: `
    throw new DataError(
      `${prefix}token ${token} at position ${position} is outside the vocabulary; it must be from 0 to ${vocabularySize - 1}`,
    )
  }
}
