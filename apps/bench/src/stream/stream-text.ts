export interface Sample {
  /** Tokens of the text that the server has read. */
  tokens: number
  /** Since the first was sent. */
  seconds: number
  /** Bytes of memory that the server's process occupies. */
  resident: number
  /** Bytes of the memory that the text is read into. */
  memory: number
}

interface Message {
  object: string
  tokens: number
  bytes: number
  error?: { message: string }
}

const pieceBytes = 2 ** 14

/**
 * Streams a text into a new memory of a server, as one request, and asks for the server's size on the way.
 *
 * @param every tokens between two samples
 * @returns samples in order, the last one of the whole text
 */
export async function streamText(
  url: string,
  text: Uint8Array,
  every: number,
  onSample: (sample: Sample) => void,
): Promise<Sample[]> {
  let sent = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = text.subarray(sent, (sent += pieceBytes))
        if (piece.length > 0) controller.enqueue(piece)
        else controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  const startedAt = performance.now()
  const answer = await fetch(`${url}/v1/memories`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', accept: 'application/x-ndjson' },
    body,
    duplex: 'half',
  } as RequestInit)
  const samples: Sample[] = []
  let last: Message | undefined
  for await (const message of messagesOf(answer.body as unknown as AsyncIterable<Uint8Array>)) {
    if (message.error) throw new Error(`the server gave up: ${message.error.message}`)
    last = message
    const reached = samples.length > 0 ? samples[samples.length - 1].tokens : 0
    if (message.tokens - reached < every && message.object !== 'memory') continue
    const seconds = (performance.now() - startedAt) / 1000
    const sample = { tokens: message.tokens, seconds, resident: await resident(url), memory: message.bytes }
    samples.push(sample)
    onSample(sample)
  }
  if (last?.object !== 'memory') throw new Error('the server ended before it had read the text')
  return samples
}

async function* messagesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Message, void, void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line !== '') yield JSON.parse(line) as Message
  }
}

async function resident(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^process_resident_memory_bytes (\d+)/m.exec(text)![1])
}
