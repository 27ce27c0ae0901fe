import { EventSourceParserStream } from 'eventsource-parser/stream'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import { refusal, whyNot } from './requests'

/** The messages of an answer that comes as server-sent events. @throws UserError as `request` */
export async function* events(
  response: Response,
  signal: AbortSignal,
): AsyncGenerator<Record<string, unknown>, void, void> {
  const stream = response
    .body!.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .pipeThrough(new EventSourceParserStream()) as unknown as AsyncIterable<{ data: string }>
  try {
    for await (const { data } of stream) {
      if (data === '[DONE]') return
      yield checked(data)
    }
  } catch (error) {
    throw whyNot(response.url, error, signal)
  }
}

/** The messages of an answer that comes as a JSON a line. @throws UserError as `request` */
export async function* lines(
  response: Response,
  signal: AbortSignal,
): AsyncGenerator<Record<string, unknown>, void, void> {
  const input = Readable.fromWeb(response.body as NodeStream)
  // The loop below throws it; here it would end the process.
  const failed = new Promise<never>((_, reject) => input.on('error', reject))
  failed.catch(() => {})
  try {
    const found = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]()
    for (;;) {
      const { done, value } = await Promise.race([found.next(), failed])
      if (done) return
      if (value !== '') yield checked(value)
    }
  } catch (error) {
    throw whyNot(response.url, error, signal)
  }
}

/** @throws UserError if the message is an error */
function checked(text: string): Record<string, unknown> {
  const message = JSON.parse(text) as Record<string, unknown>
  if (message.error) throw refusal(text, 500)
  return message
}
