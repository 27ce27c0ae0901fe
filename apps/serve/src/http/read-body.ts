import { counted } from '@ttt-e2e/tensor-ops/counted'
import { ApiError } from './api-error'
import { decoded } from './content-encoding'
import { within } from './waiting'

export interface BodyOptions {
  /** More than this is refused, of the body as it comes and as it is once decoded. */
  maxBytes: number
  /** A client that sends nothing for so long is given up. */
  idleSeconds: number
}

/**
 * The body as it arrives, its Content-Encoding undone. Nothing is asked from the socket before the piece at hand was
 * taken. The one way in which bodies are received.
 *
 * @throws ApiError 400 for what can't be decoded, 408 for a client that stands still, 413, 415 for an unknown encoding
 */
export function bodyPieces(request: Request, options: BodyOptions): AsyncGenerator<Uint8Array, void, void> {
  const encoding = request.headers.get('content-encoding') ?? ''
  return limited(decoded(limited(received(request, options), options), encoding), options)
}

/** The whole body. */
export async function wholeBody(request: Request, options: BodyOptions): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = []
  for await (const piece of bodyPieces(request, options)) pieces.push(piece)
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  for (const piece of pieces) {
    whole.set(piece, end)
    end += piece.length
  }
  return whole
}

/** @throws ApiError 413 if the client says that it will send more than is allowed */
export function checkLength(request: Request, { maxBytes }: BodyOptions): void {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
}

async function* received(request: Request, options: BodyOptions): AsyncGenerator<Uint8Array, void, void> {
  checkLength(request, options)
  const reader = request.body?.getReader()
  if (!reader) return
  try {
    for (;;) {
      // What a socket says of its end is no fault of the server's.
      const piece = reader
        .read()
        .catch(() => Promise.reject(new ApiError(499, 'client_gone', 'the body ended too soon')))
      const { done, value } = await within(piece, options.idleSeconds, standsStill)
      if (done) return
      yield value
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

async function* limited(
  pieces: AsyncIterable<Uint8Array>,
  { maxBytes }: BodyOptions,
): AsyncGenerator<Uint8Array, void, void> {
  let count = 0
  for await (const piece of pieces) {
    count += piece.length
    if (count > maxBytes) throw tooLarge(maxBytes)
    yield piece
  }
}

const tooLarge = (maxBytes: number) =>
  new ApiError(413, 'body_too_large', `the body has more than the ${maxBytes} bytes allowed here`)

const standsStill = (seconds: number) =>
  new ApiError(408, 'body_timeout', `nothing of the body came for ${counted(seconds, 'second')}`)
