import type { Context } from 'hono'
import { ApiError } from './api-error'

/** What ends the work for a request: its connection closes, or whoever writes the answer calls `stop`. */
export function clientSignal(c: Context): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController()
  const { signal } = c.req.raw
  const stop = () => controller.abort(new ApiError(499, 'client_gone', 'the client has gone'))
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return { signal: controller.signal, stop }
}
