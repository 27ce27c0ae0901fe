import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { refusal, whyNot } from './requests'

/**
 * The messages of an answer as they come: of server-sent events, whose JSON the server writes in one line each, or of a
 * JSON a line.
 *
 * @throws UserError as `request`, also for a message that says what went wrong; the signal's reason
 */
export async function* messages(
  response: Response,
  signal: AbortSignal,
): AsyncGenerator<Record<string, unknown>, void, void> {
  const input = Readable.fromWeb(response.body as ReadableStream)
  // readline tells nothing of it.
  const failed = new Promise<never>((_, reject) => input.on('error', reject))
  failed.catch(() => {})
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await Promise.race([lines.next(), failed])
      if (done || value === 'data: [DONE]') return
      const json = value.replace(/^data: /, '')
      if (!json.startsWith('{')) continue
      const message = JSON.parse(json) as Record<string, unknown>
      if (message.error) throw refusal(json, response.status)
      yield message
    }
  } catch (error) {
    throw whyNot(new URL(response.url).origin, error, signal)
  } finally {
    input.destroy()
  }
}
