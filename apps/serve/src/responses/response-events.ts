import { messageWith, type Responding } from './respond'

type Event = { type: string; sequence_number: number } & Record<string, unknown>

/** A response as the events that OpenAI's clients put together. */
export async function* responseEvents({
  begun,
  messageId,
  work,
}: Responding): AsyncGenerator<Event, void, void> {
  let count = 0
  const event = (type: string, rest: Record<string, unknown>): Event => ({
    type: `response.${type}`,
    sequence_number: count++,
    ...rest,
  })
  const place = { item_id: messageId, output_index: 0, content_index: 0 }
  try {
    yield event('created', { response: begun })
    yield event('in_progress', { response: begun })
    const empty = messageWith(messageId, '', 'in_progress')
    yield event('output_item.added', { output_index: 0, item: { ...empty, content: [] } })
    yield event('content_part.added', { ...place, part: empty.content[0] })
    for (;;) {
      const { done, value } = await work.next()
      if (!done) {
        yield event('output_text.delta', { ...place, delta: value, logprobs: [] })
        continue
      }
      const [item] = value.output
      yield event('output_text.done', { ...place, text: item.content[0].text, logprobs: [] })
      yield event('content_part.done', { ...place, part: item.content[0] })
      yield event('output_item.done', { output_index: 0, item })
      yield event(value.status, { response: value })
      return
    }
  } finally {
    await work.return(undefined as never)
  }
}
