import { UserError } from '@ttt-e2e/tensor-ops/user-error'

/** Where a server is, and the key that it asks for. */
export interface ServerAddress {
  url: string
  key?: string
}

interface Request {
  method?: 'GET' | 'POST' | 'DELETE'
  headers?: Record<string, string>
  body?: Uint8Array | ReadableStream<Uint8Array>
  /** Sent as JSON. */
  json?: unknown
  signal?: AbortSignal
}

/**
 * Asks a server.
 *
 * @returns its answer, which is a good one
 * @throws UserError in the server's own words, or saying that nothing answers; the signal's reason
 */
export async function request(
  { url, key }: ServerAddress,
  path: string,
  { method = 'GET', headers = {}, body, json, signal }: Request = {},
): Promise<Response> {
  const type: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json' }
  const init: RequestInit & { duplex: 'half' } = {
    method,
    duplex: 'half',
    headers: { ...type, ...headers, ...(key !== undefined && { authorization: `Bearer ${key}` }) },
    ...(json !== undefined && { body: JSON.stringify(json) }),
    ...(body !== undefined && { body: body as BodyInit }),
    ...(signal && { signal }),
  }
  let response: Response
  try {
    response = await fetch(url + path, init)
  } catch (error) {
    throw whyNot(url, error, signal)
  }
  if (!response.ok) throw refusal(await response.text(), response.status)
  return response
}

/** The server's answer as JSON. */
export async function requestJson<T>(server: ServerAddress, path: string, options?: Request): Promise<T> {
  return (await request(server, path, options)).json() as Promise<T>
}

/** What went wrong on the way. */
export function whyNot(url: string, error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason
  if (error instanceof UserError) return error
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } }
  const reason = cause?.code ?? cause?.message ?? message
  return new UserError(
    `${url} can't be reached, or hung up (${reason}): start a server there, name another with --server, or leave it out to use a folder of this machine`,
  )
}

/** A server's error as a sentence: its own where it says one. */
export function refusal(text: string, status: number): UserError {
  try {
    const { error } = JSON.parse(text) as { error: { message: string } }
    return new UserError(`the server refuses: ${error.message}`)
  } catch {
    return new UserError(
      `the server answers with status ${status}, and not as this command expects: is it one of TTT-E2E?`,
    )
  }
}
