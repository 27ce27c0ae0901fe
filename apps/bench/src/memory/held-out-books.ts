import { byteTokenizer, readBooks, type Document } from '@ttt-e2e/data'
import { holdOut } from '@ttt-e2e/training'

/** The documents that the recipes of the books hold out (`tiny/books`, and this bench's task `books`), longest first. */
export function heldOutBooks(): Document<Int32Array>[] {
  const { heldOut } = holdOut(readBooks(byteTokenizer), 4097)
  return heldOut.documents
    .map(({ id, tokens }) => ({ id, tokens: Int32Array.from(tokens) }))
    .sort((a, b) => b.tokens.length - a.tokens.length)
}
