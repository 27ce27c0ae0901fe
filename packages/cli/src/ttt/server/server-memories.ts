import { Readable } from 'node:stream'
import { UserError } from '@ttt-e2e/tensor-ops/user-error'
import type { AskOptions, Conversation, Memories, MemoryFacts, ReadOptions, Target } from '../memories'
import { nameTaken } from '../name-taken'
import { request, requestJson, type ServerAddress } from './requests'
import { ServerConversation } from './server-conversation'
import { messages } from './messages'

/** Memories of a server, by their ids or their names. */
export class ServerMemories implements Memories {
  constructor(private readonly server: ServerAddress) {}

  async list(): Promise<MemoryFacts[]> {
    const { data } = await requestJson<{ data: MemoryFacts[] }>(this.server, '/v1/memories')
    return data.map(factsOf)
  }

  async read(
    text: AsyncIterable<Uint8Array>,
    target: Target,
    { onProgress, signal, learn = true }: ReadOptions,
  ): Promise<MemoryFacts> {
    if ('save' in target) await this.vacant(target.save)
    const path = 'save' in target ? '/v1/memories' : `/v1/memories/${await this.idOf(target.into)}/read`
    const query = new URLSearchParams({
      ...('save' in target && { name: target.save }),
      ...(!learn && { learn: 'false' }),
    })
    const response = await request(this.server, `${path}?${query}`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', accept: 'application/x-ndjson' },
      body: Readable.toWeb(Readable.from(text)) as ReadableStream<Uint8Array>,
      signal,
    })
    for await (const message of messages(response, signal)) {
      if (message.object === 'memory') return factsOf(message as unknown as MemoryFacts)
      const { tokens_read: tokens, loss } = message as { tokens_read: number; loss: number | null }
      onProgress({ tokens, loss })
    }
    throw new UserError('the server hung up before it had read all: nothing was saved')
  }

  async *ask(name: string, text: string, options: AskOptions): AsyncGenerator<string, void, void> {
    const { maxTokens, temperature, seed, signal, update, goOn } = options
    const json = {
      memory: await this.idOf(name),
      max_tokens: maxTokens,
      stream: true,
      temperature,
      update,
      ...(seed !== undefined && { seed }),
      ...(goOn ? { prompt: text } : { messages: [{ role: 'user', content: text }] }),
    }
    const path = goOn ? '/v1/completions' : '/v1/chat/completions'
    const response = await request(this.server, path, { method: 'POST', json, signal })
    for await (const { choices } of messages(response, signal)) {
      const [choice] = choices as { text?: string; delta?: { content?: string } }[]
      const piece = choice?.text ?? choice?.delta?.content
      if (piece) yield piece
    }
  }

  async chat(name: string): Promise<Conversation> {
    return new ServerConversation(this.server, await this.idOf(name))
  }

  async fork(name: string, as: string): Promise<MemoryFacts> {
    const id = await this.idOf(name)
    await this.vacant(as)
    const options = { method: 'POST', json: { name: as } } as const
    return factsOf(await requestJson(this.server, `/v1/memories/${id}/fork`, options))
  }

  async export(name: string): Promise<Uint8Array> {
    const response = await request(this.server, `/v1/memories/${await this.idOf(name)}/export`)
    return new Uint8Array(await response.arrayBuffer())
  }

  async import(name: string, file: Uint8Array): Promise<MemoryFacts> {
    await this.vacant(name)
    const path = `/v1/memories/import?name=${encodeURIComponent(name)}`
    const headers = { 'content-type': 'application/octet-stream' }
    return factsOf(await requestJson(this.server, path, { method: 'POST', headers, body: file }))
  }

  async remove(name: string): Promise<void> {
    await request(this.server, `/v1/memories/${await this.idOf(name)}`, { method: 'DELETE' })
  }

  /** @throws UserError if no memory is called so, or several are */
  private async idOf(name: string): Promise<string> {
    const all = await this.list()
    const found = all.filter(({ id }) => id === name)
    if (found.length === 0) found.push(...all.filter((each) => each.name === name))
    if (found.length === 1) return found[0].id
    throw new UserError(
      found.length === 0
        ? `there is no memory '${name}' at ${this.server.url}: ttt ls lists those that there are, ttt read makes one`
        : `${found.length} memories are called '${name}' at ${this.server.url}: name one by its id, ${found.map(({ id }) => id).join(' or ')}`,
    )
  }

  /** @throws UserError if a memory is called so already */
  private async vacant(name: string): Promise<void> {
    if ((await this.list()).some((each) => each.name === name)) throw nameTaken(name)
  }
}

const factsOf = ({ id, name, tokens, steps, model_hash }: MemoryFacts): MemoryFacts => ({
  id,
  name,
  tokens,
  steps,
  model_hash,
})
