import { byteTokenizer, readBooks, splitByDocument, type Document } from '@ttt-e2e/data'

/** The documents that the recipes of the books hold out (`tiny/books`, and this bench's task `books`), longest first. */
export function heldOutBooks(): Document[] {
  const options = { heldOutEvery: 10, minimumHeldOutLength: 4097 }
  const { heldOut } = splitByDocument(readBooks(byteTokenizer), options)
  return [...heldOut.documents].sort((a, b) => b.tokens.length - a.tokens.length)
}
