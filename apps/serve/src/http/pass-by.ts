import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'

/** For so many milliseconds: whoever takes longer hears the answer while it sends. */
const patience = 1000

/**
 * Takes in what is still to come of a small body, and looks at none of it: an answer that ends a connection on which
 * a client still sends is lost to some of them.
 *
 * @param maxBytes what may be to come; a longer body, or one without a length, is not waited for
 */
export async function passBy(c: Context, maxBytes: number): Promise<void> {
  const { incoming } = (c.env ?? {}) as { incoming?: IncomingMessage }
  if (!incoming || incoming.complete) return
  if (Number(incoming.headers['content-length']) <= maxBytes) await ended(incoming)
}

const ended = (incoming: IncomingMessage): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      incoming.off('end', end).off('close', end)
      resolve()
    }
    const timer = setTimeout(end, patience)
    incoming.on('end', end).on('close', end).resume()
  })
