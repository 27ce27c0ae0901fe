import type { ChatChunk } from '../../routes/chat-schema'
import type { CompletionAnswer } from '../../routes/completion-schema'
import type { MemoryDiff, MemoryEvents } from '../../routes/memory-history'
import type { MemoryProgress } from '../../routes/memory-texts'
import type { ModelAnswer } from '../../routes/models'
import type { MemoryAnswer } from '../../routes/schemas'
import { RequestError } from './request-error'
import { streamedMessages } from './streamed-messages'

export type { MemoryAnswer, MemoryDiff, MemoryEvents, MemoryProgress, ModelAnswer }

/** How a text is gone on with. */
export interface Sampling {
  /** The memory to go on from; the model as it is where left out. */
  memory?: string
  /** Whether it learns also from what it writes. */
  learn: boolean
  /** Whether it learns from what it is given; yes where left out. */
  learnPrompt?: boolean
  temperature: number
  maxTokens: number
  seed?: number
}

export interface ChatMessage {
  role: 'user' | 'assistant'
  content: string
}

/** A text to read, and how. */
export interface TextToRead {
  text: string
  /** Whether it is learned from. */
  learn: boolean
}

type Settings = Partial<Pick<MemoryAnswer, 'name'>> & { ttl_seconds?: number }

/** Everything that this page asks of its server. @throws RequestError from every method; AbortError where it is stopped */
export class ApiClient {
  /** @param key what the server lets this page in by; empty where it needs none */
  constructor(private readonly key: () => string) {}

  async model(): Promise<ModelAnswer> {
    return (await this.json<{ data: ModelAnswer[] }>('GET', 'v1/models')).data[0]
  }

  /** Whether the model has a form for conversations. */
  async chats(): Promise<boolean> {
    const { chat_template } = await this.json<{ chat_template: string | null }>('GET', 'tokenizer_info')
    return chat_template !== null
  }

  async memories(): Promise<MemoryAnswer[]> {
    return (await this.json<{ data: MemoryAnswer[] }>('GET', 'v1/memories')).data
  }

  events(id: string): Promise<MemoryEvents> {
    return this.json('GET', `v1/memories/${id}/events`)
  }

  diff(id: string, other: string): Promise<MemoryDiff> {
    return this.json('GET', `v1/memories/${id}/diff/${other}`)
  }

  fork(id: string, name: string): Promise<MemoryAnswer> {
    return this.json('POST', `v1/memories/${id}/fork`, { name })
  }

  configure(id: string, settings: Settings): Promise<MemoryAnswer> {
    return this.json('POST', `v1/memories/${id}/settings`, settings)
  }

  /** Makes a memory what another one is. */
  reset(id: string, to: string): Promise<MemoryAnswer> {
    return this.json('POST', `v1/memories/${id}/reset`, { to })
  }

  async forget(id: string): Promise<void> {
    await this.json('DELETE', `v1/memories/${id}`)
  }

  /** Reads a text: progress as it goes, and the memory at the end. @param to a memory's id, or the name of a new one */
  async *read(
    { text, learn }: TextToRead,
    to: { id: string } | { name: string },
    signal: AbortSignal,
  ): AsyncGenerator<MemoryProgress | MemoryAnswer, void, void> {
    const path = 'id' in to ? `v1/memories/${to.id}/read` : 'v1/memories'
    const body = { text, learn, passages: true, ...('name' in to && { name: to.name }) }
    yield* streamedMessages(await this.answer('POST', path, { body, signal, accept: 'application/x-ndjson' }))
  }

  /** The tokens of a text, each as text. */
  async tokens(text: string, signal: AbortSignal): Promise<string[]> {
    const body = { prompt: text, return_token_strs: true, add_special_tokens: false }
    const answer = await this.answer('POST', 'tokenize', { body, signal })
    return ((await answer.json()) as { token_strs: string[] }).token_strs
  }

  /** Goes on from a text, in pieces as they come. */
  async *goOn(prompt: string, sampling: Sampling, signal: AbortSignal): AsyncGenerator<string, void, void> {
    const body = { ...fieldsOf(sampling), max_tokens: sampling.maxTokens, prompt, stream: true }
    const answer = await this.answer('POST', 'v1/completions', { body, signal })
    for await (const { choices } of streamedMessages<CompletionAnswer>(answer))
      if (choices[0]) yield choices[0].text
  }

  /** Answers a conversation, in pieces as they come. */
  async *chat(
    messages: readonly ChatMessage[],
    sampling: Sampling,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    const body = { ...fieldsOf(sampling), max_completion_tokens: sampling.maxTokens, messages, stream: true }
    const answer = await this.answer('POST', 'v1/chat/completions', { body, signal })
    for await (const { choices } of streamedMessages<ChatChunk>(answer)) yield choices[0]?.delta.content ?? ''
  }

  /** How well each token of a text is predicted, by what a memory has read and, where it learns, by the text before it. */
  async scores(
    { text, learn }: TextToRead,
    memory: string | undefined,
    signal: AbortSignal,
  ): Promise<{ offsets: number[]; logprobs: (number | null)[] }> {
    const scored = { prompt: text, echo: true, max_tokens: 0, logprobs: 0 }
    const body = { ...scored, learn_prompt: learn, ...(memory && { memory }) }
    const answer = await this.answer('POST', 'v1/completions', { body, signal })
    const { logprobs } = ((await answer.json()) as CompletionAnswer).choices[0]
    return { offsets: logprobs!.text_offset, logprobs: logprobs!.token_logprobs }
  }

  private async json<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    return (await this.answer(method, path, body && { body })).json() as Promise<Answer>
  }

  private async answer(
    method: string,
    path: string,
    { body, signal, accept }: { body?: object; signal?: AbortSignal; accept?: string } = {},
  ): Promise<Response> {
    const key = this.key()
    const headers = {
      ...(body && { 'Content-Type': 'application/json' }),
      ...(accept && { Accept: accept }),
      ...(key && { Authorization: `Bearer ${key}` }),
    }
    const request = {
      method,
      headers,
      ...(signal && { signal }),
      ...(body && { body: JSON.stringify(body) }),
    }
    const answer = await fetch(path, request).catch((error: Error) => {
      if (error.name === 'AbortError') throw error
      throw new RequestError(
        `the server at ${location.host} doesn't answer; see whether it still runs, and try again`,
        'unreachable',
      )
    })
    if (!answer.ok) {
      const { message, code, param } = ((await answer.json()) as { error: RequestError }).error
      throw new RequestError(message, code, param)
    }
    return answer
  }
}

const fieldsOf = ({ memory, learn, learnPrompt = true, temperature, seed }: Sampling) => ({
  ...(memory && { memory }),
  ...(learn && { learn }),
  ...(!learnPrompt && { learn_prompt: false }),
  ...(seed !== undefined && { seed }),
  temperature,
})
