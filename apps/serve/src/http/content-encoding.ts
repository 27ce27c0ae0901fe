import { pipeline, Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { ApiError } from './api-error'
import { shown } from './characters'

const decoders = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
])

/** What bodies may be encoded with, as an Accept-Encoding header. */
const accepted = 'gzip, deflate, br'

/**
 * Undoes a body's Content-Encoding, as it arrives.
 *
 * @param encoding the header: codings in the order in which they were applied
 * @throws ApiError 415 for an unknown coding, 400 for bytes that aren't what it says
 */
export async function* decoded(
  pieces: AsyncIterable<Uint8Array>,
  encoding: string,
): AsyncGenerator<Uint8Array, void, void> {
  const codings = encoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
  if (codings.length === 0) return yield* pieces
  const transforms = codings.toReversed().map((coding) => {
    const create = decoders.get(coding)
    // Each coding may multiply a body's size; nobody needs more than two.
    if (create && codings.length <= 2) return create()
    throw new ApiError(
      415,
      'unsupported_encoding',
      `bodies are not read in the Content-Encoding '${shown(encoding)}'; there are ${accepted}`,
      null,
      { headers: { 'Accept-Encoding': accepted } },
    )
  })
  const last = transforms[transforms.length - 1]
  pipeline([Readable.from(pieces), ...transforms], () => {})
  try {
    for await (const piece of last) yield piece as Uint8Array
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new ApiError(400, 'invalid_encoding', `the body is not valid ${codings.join(', ')}`, 'body')
  } finally {
    last.destroy()
  }
}
