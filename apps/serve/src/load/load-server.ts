import { readdirSync, readFileSync } from 'node:fs'
import { streamedMessages } from '../page/api/streamed-messages'
import { serveProcess, type ServeProcess } from '../serve-process'

/** A memory as the server tells of it. */
export interface KnownMemory {
  id: string
  tokens: number
}

/** A server in a process of its own, and short ways to ask it over HTTP. */
export class LoadServer {
  private constructor(private readonly server: ServeProcess) {}

  static async start(...parameters: string[]): Promise<LoadServer> {
    return new LoadServer(await serveProcess(...parameters))
  }

  get url(): string {
    return this.server.url
  }

  stop(): Promise<void> {
    return this.server.kill()
  }

  post(path: string, body: object, signal?: AbortSignal): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    })
  }

  /** Reads a text into a new memory. */
  async remember(text: string): Promise<KnownMemory> {
    return whole(await this.post('/v1/memories', { text }))
  }

  /** Generates exactly so many tokens. @returns the text */
  async complete(body: object, tokens: number): Promise<string> {
    const request = { temperature: 0, ignore_eos: true, max_tokens: tokens, ...body }
    const { choices } = await whole<{ choices: { text: string }[] }>(
      await this.post('/v1/completions', request),
    )
    return choices[0].text
  }

  /** Reads a long text as it is sent. @returns progress as the server tells of it, a line for each */
  async *stream(path: string, text: string, signal: AbortSignal): AsyncGenerator<{ tokens: number }> {
    const headers = { 'content-type': 'text/plain', accept: 'application/x-ndjson' }
    const answer = await fetch(this.url + path, { method: 'POST', headers, body: text, signal })
    if (!answer.ok) throw new Error(await answer.text())
    yield* streamedMessages<{ tokens: number }>(answer)
  }

  /** A counter of /metrics. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text()
    return Number(new RegExp(`^ttte2e_${name} (.*)$`, 'm').exec(text)![1])
  }

  /** Bytes of its resident memory and its open files and sockets, as Linux counts them. */
  use(): { megabytes: number; handles: number } {
    const { pid } = this.server.child
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return {
      megabytes: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024,
      handles: readdirSync(`/proc/${pid}/fd`).length,
    }
  }
}

/** @throws what the server says instead of an answer */
export async function whole<T>(answer: Response): Promise<T> {
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
  return answer.json()
}
