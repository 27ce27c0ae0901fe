import type { Log } from '../operating/log'
import { logUnforeseen, toApiError } from './answer-errors'

/** How a stream of JSON messages is written: as server-sent events, of their messages' types, or one JSON a line. */
export type LineFormat = 'sse' | 'typed-sse' | 'ndjson'

const typeOf = (message: unknown) => (message as { type?: string }).type ?? 'error'

const formats = {
  sse: {
    type: 'text/event-stream',
    line: (json: string) => `data: ${json}\n\n`,
    end: 'data: [DONE]\n\n',
    comment: ': still at work\n\n',
  },
  'typed-sse': {
    type: 'text/event-stream',
    line: (json: string, message: unknown) => `event: ${typeOf(message)}\ndata: ${json}\n\n`,
    end: '',
    comment: ': still at work\n\n',
  },
  // It has no comments: whoever streams it has a message that says nothing new.
  ndjson: { type: 'application/x-ndjson', line: (json: string) => `${json}\n`, end: '', comment: '' },
}

/** The format that a client accepts, where it accepts one. */
export function acceptedLines(accept: string | undefined): LineFormat | undefined {
  if (accept?.includes('text/event-stream')) return 'sse'
  return accept?.includes('application/x-ndjson') ? 'ndjson' : undefined
}

/** Messages that may wait for a slow client; of those that can be missed, no more are kept. */
const waitingMessages = 1024

export interface LineStreamOptions<Message> {
  format: LineFormat
  /** Of the request. */
  log: Log
  /** Called when the client has gone. */
  stop: () => void
  /** Whether a client that doesn't keep up can do without this message; none where left out. */
  optional?: (message: Message) => boolean
  /** Seconds of silence after which the client is told that work goes on. */
  silenceSeconds: number
  /** The message that says so where the format has no comments. */
  still?: () => Message
}

/**
 * Answers at once, and with messages as they come; nothing is silent for long. They don't wait for a slow client: the work behind them should end soon rather
 * than hold its place until the client has read.
 */
export function lineStream<Message>(
  messages: AsyncIterable<Message>,
  options: LineStreamOptions<Message>,
): Response {
  const { format, log, stop, optional = () => false, silenceSeconds, still } = options
  const { type, end, comment } = formats[format]
  const line = (message: unknown) => formats[format].line(JSON.stringify(message), message)
  const encoder = new TextEncoder()
  let open = true
  const source: UnderlyingDefaultSource<Uint8Array> = {
    start(controller) {
      const send = (text: string) => {
        silence.refresh()
        if (open) controller.enqueue(encoder.encode(text))
      }
      const silence = setTimeout(() => {
        // A client that doesn't read needs no more to read.
        if ((controller.desiredSize ?? 0) > 0) send(comment || (still ? line(still()) : ''))
        else silence.refresh()
      }, silenceSeconds * 1000)
      const pump = async () => {
        try {
          for await (const message of messages)
            if ((controller.desiredSize ?? 0) > 0 || !optional(message)) send(line(message))
          send(end)
        } catch (error) {
          const known = toApiError(error)
          if (open) logUnforeseen(error, known, log)
          send(line(known.body))
        }
        clearTimeout(silence)
        if (open) controller.close()
      }
      void pump()
    },
    cancel() {
      open = false
      stop()
    },
  }
  const body = new ReadableStream(source, { highWaterMark: waitingMessages })
  return new Response(body, {
    headers: {
      'Content-Type': `${type}; charset=utf-8`,
      'Cache-Control': 'no-cache',
      'X-Accel-Buffering': 'no',
    },
  })
}
