import { DataError } from '../data-error'
import { blocksOf, type AnyDocument } from '../sources/document'

/**
 * Checks that every token is a whole number in [0, vocabularySize).
 *
 * @param where names the tokens in the message, e.g. "document 'a.txt'".
 * @param first the position of the first of them
 * @throws DataError naming the first bad token and its position.
 */
export function checkTokens(tokens: ArrayLike<number>, vocabularySize: number, where?: string, first = 0) {
  for (let position = 0; position < tokens.length; position++) {
    const token = tokens[position]
    if (token >= 0 && token < vocabularySize && Number.isInteger(token)) continue
    const prefix = where === undefined ? '' : `${where}: `
    throw new DataError(
      `${prefix}token ${token} at position ${first + position} is outside the vocabulary; it must be from 0 to ${vocabularySize - 1}`,
    )
  }
}

/** The same of all tokens of a document, wherever they lie. @throws DataError naming it, the first bad token and its position */
export function checkDocument({ id, tokens }: AnyDocument, vocabularySize: number): void {
  for (const { block, start } of blocksOf(tokens))
    checkTokens(block, vocabularySize, `document '${id}'`, start)
}
