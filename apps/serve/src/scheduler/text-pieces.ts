import { DataError, readingPieces } from '@ttt-e2e/data'
import { ApiError } from '../http/api-error'

/** A text that arrives as bytes, in pieces. @throws ApiError 400 for bytes that are no text */
export async function* textPieces(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  try {
    yield* readingPieces(bytes)
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    throw new ApiError(400, 'invalid_utf8', error.message, 'body')
  }
}
