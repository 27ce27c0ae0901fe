import type { Context, MiddlewareHandler } from 'hono'
import type { Limits } from '../limits'
import { ApiError } from './api-error'
import { shown } from './characters'
import { parseJson } from './json'
import { mediaType, type BodyKind } from './media-type'
import { bodyPieces, wholeBody, type BodyOptions } from './read-body'

declare module 'hono' {
  interface ContextVariableMap {
    /** What the body is; nothing where there is none. */
    bodyKind: BodyKind | 'nothing'
  }
}

/** What a route reads, each kind within limits of its own. JSON is taken in here, a text by the route as it arrives. */
export type BodyKinds = { [Kind in BodyKind]?: BodyOptions }

const names: Record<BodyKind, string> = { json: 'application/json', text: 'text/plain' }

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

/** What a route that reads JSON only does with it. */
export const receiveJson = ({ bodyBytes, idleSeconds }: Pick<Limits, 'bodyBytes' | 'idleSeconds'>) =>
  receiveBody({ json: { maxBytes: bodyBytes, idleSeconds } })

async function kindOf(c: Context, kinds: BodyKinds): Promise<BodyKind | 'nothing'> {
  const header = c.req.header('content-type')
  const type = header === undefined ? undefined : mediaType(header)
  if (!type || !kinds[type.kind]) {
    if (await isEmpty(c, kinds)) return 'nothing'
    const readable = Object.keys(kinds).map((kind) => names[kind as BodyKind])
    const what =
      header === undefined ? 'a body without a Content-Type' : `the Content-Type '${shown(header)}'`
    throw new ApiError(
      415,
      'unsupported_media_type',
      `${what} is not read here; send ${readable.join(' or ')}`,
    )
  }
  if (type.charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(type.charset))
    throw new ApiError(415, 'unsupported_charset', `texts are read as UTF-8, not ${shown(type.charset)}`)
  return type.kind
}

/** Whether there is no body after all; asks for no more of it than tells. */
async function isEmpty(c: Context, kinds: BodyKinds): Promise<boolean> {
  for await (const piece of bodyPieces(c.req.raw, (kinds.json ?? kinds.text)!))
    if (piece.length > 0) return false
  return true
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
