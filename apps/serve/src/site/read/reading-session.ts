import { decodeMemory, encodeMemory, type Memory, type Model } from '@ttt-e2e/checkpoint'
import { UserError } from '@ttt-e2e/tensor-ops/user-error'

/** Whether the model learns while it reads. */
export type Learning = 'on' | 'off'

/** What was read of a text, by both memories. */
export interface Piece {
  /** Tokens read of those that are to be read. */
  done: number
  total: number
  /** Nats of this piece's tokens; NaN for a text's very first. */
  nats: Record<Learning, Float32Array>
}

/** What a memory holds. */
export interface MemoryFacts {
  tokens: number
  steps: number
  bytes: number
}

export interface Asking {
  learning: Learning
  prompt: string
  /** Tokens at the most. */
  maxTokens: number
  temperature: number
  /** The same one gives the same answer; another each time where left out. */
  seed?: number
}

/** Tokens that both memories read before the page is told. */
const pieceLength = 128

/** Two memories of what a visitor gives to read: one has learned on the way, the other never did. */
export class ReadingSession {
  private memories: Record<Learning, Memory>
  private rest: Int32Array = new Int32Array()
  private total = 0
  private stopping = new AbortController()

  constructor(private readonly model: Model) {
    this.memories = { on: model.startMemory(), off: model.startMemory() }
  }

  /** Takes a text to be read, in place of what is left of one before. @returns its tokens */
  take(text: string): number {
    this.rest = this.model.tokensOf(text, this.memories.on)
    return (this.total = this.rest.length)
  }

  /** Both memories read the next piece of the text. @returns nothing at its end */
  async readPiece(): Promise<Piece | undefined> {
    const tokens = this.rest.subarray(0, pieceLength)
    if (tokens.length === 0) return undefined
    this.rest = this.rest.subarray(pieceLength)
    const nats = { on: await this.readInto('on', tokens), off: await this.readInto('off', tokens) }
    return { done: this.total - this.rest.length, total: this.total, nats }
  }

  /** Goes on from a memory without changing it, until it is stopped. @param onText told of the text as it comes */
  async ask(
    { learning, prompt, maxTokens, temperature, seed }: Asking,
    onText: (text: string) => void,
  ): Promise<void> {
    const memory = this.memories[learning].fork()
    try {
      if (memory.tokens === 0 && prompt === '')
        throw new UserError('nothing was read yet: give the model a text to read, or the beginning of one')
      this.stopping = new AbortController()
      const { signal } = this.stopping
      await this.model.read(prompt, { memory, learn: learning === 'on' })
      const options = { maxTokens, temperature, signal, ...(seed !== undefined && { seed }) }
      for await (const text of this.model.generate(memory, options)) onText(text)
    } finally {
      memory.dispose()
    }
  }

  /** Ends the answer that is being given. */
  stop(): void {
    this.stopping.abort()
  }

  facts(learning: Learning): MemoryFacts {
    const memory = this.memories[learning]
    return { tokens: memory.tokens, steps: memory.steps, bytes: memory.stateBytes() }
  }

  /** A memory as a file, which the server imports, too. */
  save(learning: Learning): Promise<Uint8Array> {
    return encodeMemory(this.memories[learning])
  }

  /**
   * Goes on from a saved memory: from here on one learns, the other doesn't.
   *
   * @throws CheckpointError if the file is no memory of this model; both memories are then as before
   */
  load(bytes: Uint8Array, name: string): void {
    const on = decodeMemory(this.model, bytes, name)
    this.dispose()
    this.memories = { on, off: on.fork() }
    this.rest = new Int32Array()
  }

  /** Forgets all that was read. */
  forget(): void {
    this.memories.on.reset()
    this.memories.off.reset()
    this.rest = new Int32Array()
  }

  private async readInto(learning: Learning, tokens: Int32Array): Promise<Float32Array> {
    let nats = new Float32Array()
    await this.model.read(tokens, {
      memory: this.memories[learning],
      learn: learning === 'on',
      pieceLength,
      onProgress: ({ losses }) => void (nats = Float32Array.from(losses)),
    })
    return nats
  }

  private dispose(): void {
    this.memories.on.dispose()
    this.memories.off.dispose()
  }
}
