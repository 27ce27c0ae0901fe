import { ApiError } from './api-error'

export interface BodyOptions {
  /** More than this is refused. */
  maxBytes: number
  /** A client that sends nothing for so long is given up. */
  idleSeconds: number
}

/** The body as it arrives; nothing is asked from the socket before the piece at hand was taken. */
export async function* bodyPieces(
  request: Request,
  options: BodyOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const { maxBytes, idleSeconds } = options
  const tooLarge = new ApiError(
    413,
    'body_too_large',
    `the body has more than the ${maxBytes} bytes allowed here`,
  )
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge
  const reader = request.body?.getReader()
  if (!reader) return
  let received = 0
  try {
    for (;;) {
      // What a socket says of its end is no fault of the server's.
      const piece = reader
        .read()
        .catch(() => Promise.reject(new ApiError(499, 'client_gone', 'the body ended too soon')))
      const { done, value } = await within(piece, idleSeconds)
      if (done) return
      received += value.length
      if (received > maxBytes) throw tooLarge
      yield value
    }
  } finally {
    reader.cancel().catch(() => {})
  }
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

async function within<T>(promise: Promise<T>, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new ApiError(408, 'body_timeout', `nothing of the body came for ${seconds} seconds`)
    timer = setTimeout(() => reject(error), seconds * 1000)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
