import type { AnswerOptions, Conversation } from '../memories'
import { messages } from './messages'
import { request, type ServerAddress } from './requests'

/** A conversation at a server: each response goes on from the one before, so that only what is new is read. */
export class ServerConversation implements Conversation {
  private previous: string | undefined

  constructor(
    private readonly server: ServerAddress,
    private readonly memory: string,
  ) {}

  async *say(text: string, options: AnswerOptions): AsyncGenerator<string, void, void> {
    const { maxTokens, temperature, seed, signal } = options
    const from =
      this.previous === undefined ? { memory: this.memory } : { previous_response_id: this.previous }
    const json = {
      ...from,
      input: text,
      max_output_tokens: maxTokens,
      temperature,
      stream: true,
      ...(seed !== undefined && { seed }),
    }
    const response = await request(this.server, '/v1/responses', { method: 'POST', json, signal })
    for await (const event of messages(response, signal)) {
      if (event.type === 'response.output_text.delta') yield event.delta as string
      if (event.type === 'response.completed' || event.type === 'response.incomplete')
        this.previous = (event.response as { id: string }).id
    }
  }

  dispose(): void {}
}
