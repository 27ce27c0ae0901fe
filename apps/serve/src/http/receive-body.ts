import type { Context, MiddlewareHandler } from 'hono'
import { ApiError } from './api-error'
import { parseJson } from './json'
import { mediaType, type BodyKind } from './media-type'
import { bodyPieces, wholeBody, type BodyOptions } from './read-body'

declare module 'hono' {
  interface ContextVariableMap {
    /** What the body is; nothing where there is none. */
    bodyKind: BodyKind | 'nothing'
  }
}

/** What a route reads, each kind within limits of its own. JSON is taken in here, other kinds by the route. */
export type BodyKinds = { [Kind in BodyKind]?: BodyOptions }

const names: Record<BodyKind, string> = {
  json: 'application/json',
  text: 'text/plain',
  bytes: 'application/octet-stream',
}

/**
 * Decides what a body is before anything else looks at it: JSON is received within its limits, and handed on as strict
 * UTF-8 without what its client left out; whatever the route doesn't read is refused.
 *
 * @throws ApiError 400, 408, 413, 415
 */
export function receiveBody(kinds: BodyKinds): MiddlewareHandler {
  return async (c, next) => {
    const kind = await kindOf(c, kinds)
    c.set('bodyKind', kind)
    if (kind === 'json') {
      const body = await wholeBody(c.req.raw, kinds.json!)
      // An empty body says nothing, whatever its type: routes that need one say what is missing.
      if (body.length === 0) c.set('bodyKind', 'nothing')
      replaceBody(c, body.length === 0 ? '{}' : parseJson(body))
    } else if (kind === 'nothing') replaceBody(c)
    await next()
  }
}

async function kindOf(c: Context, kinds: BodyKinds): Promise<BodyKind | 'nothing'> {
  const header = c.req.header('content-type')
  const readable = Object.keys(kinds)
    .map((kind) => names[kind as BodyKind])
    .join(' or ')
  const refuse = (what: string): never => {
    throw new ApiError(415, 'unsupported_media_type', `${what} is not read here; send ${readable}`)
  }
  if (header === undefined) {
    // Bytes are what a body of no type is.
    if (kinds.bytes) return 'bytes'
    for await (const piece of bodyPieces(c.req.raw, (kinds.json ?? kinds.text)!))
      if (piece.length > 0) refuse('a body without a Content-Type')
    return 'nothing'
  }
  const type = mediaType(header)
  if (!type || !kinds[type.kind]) return refuse(`the Content-Type '${header.slice(0, 100)}'`)
  if (type.charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(type.charset))
    throw new ApiError(
      415,
      'unsupported_charset',
      `texts are read as UTF-8, not ${type.charset.slice(0, 100)}`,
    )
  return type.kind
}

/** Hands on JSON, or no body, to the framework's validators. */
function replaceBody(c: Context, json?: string): void {
  const { raw } = c.req
  const headers = new Headers(raw.headers)
  for (const name of ['content-type', 'content-length', 'content-encoding', 'transfer-encoding'])
    headers.delete(name)
  if (json !== undefined) headers.set('content-type', names.json)
  c.req.raw = new Request(raw.url, {
    method: raw.method,
    headers,
    signal: raw.signal,
    ...(json !== undefined && { body: json }),
  })
}
