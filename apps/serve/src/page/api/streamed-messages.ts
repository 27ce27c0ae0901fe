import { RequestError } from './request-error'

/** The messages of a streamed answer as they come: lines of JSON, or server-sent events. @throws RequestError for one that is an error */
export async function* streamedMessages<Message extends object>(
  answer: Response,
): AsyncGenerator<Message, void, void> {
  for await (const line of lines(answer)) {
    const data = line.startsWith('{') ? line : (/^data: (\{.*)$/.exec(line)?.[1] ?? '')
    // Comments, empty lines and the word that ends a stream say nothing new.
    if (data === '') continue
    const message = JSON.parse(data) as Message | { error: RequestError }
    if ('error' in message)
      throw new RequestError(message.error.message, message.error.code, message.error.param)
    yield message as Awaited<Message>
  }
}

async function* lines(answer: Response): AsyncGenerator<string, void, void> {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const whole = (rest + part.value).split('\n')
      rest = whole.pop()!
      yield* whole
    }
    if (rest !== '') yield rest
  } finally {
    await reader.cancel()
  }
}
