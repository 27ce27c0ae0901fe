/** What is said of a memory. */
export interface MemoryFacts {
  /** What a server calls it; its name in a folder. */
  id: string
  name: string | null
  /** Tokens that it has read. */
  tokens: number
  /** Inner steps: chunks that it has learned from. */
  steps: number
  /** Of the weights that it belongs to. */
  model_hash: string
}

/** How far a text was read. */
export interface ReadingProgress {
  /** Tokens of the text. */
  tokens: number
  /** Bytes of the text; undefined where only the server knows. */
  bytes?: number
  /** Mean nats per token of the last piece; null where nothing was predicted. */
  loss: number | null
}

/** Where a text goes: a new memory, or one that is there already. */
export type Target = { save: string } | { into: string }

export interface ReadOptions {
  /** Whether to learn from the text; yes where left out. */
  learn?: boolean
  onProgress(progress: ReadingProgress): void
  /** An abort leaves everything as it was, and throws its reason. */
  signal: AbortSignal
}

export interface AnswerOptions {
  /** Tokens at the most. */
  maxTokens: number
  temperature: number
  /** One of chance where left out. */
  seed?: number
  signal: AbortSignal
}

export interface AskOptions extends AnswerOptions {
  /** Whether the text is gone on with, rather than answered. */
  goOn: boolean
  /** Whether the memory becomes what has read the question and the answer. */
  update: boolean
}

/** A conversation that starts from a memory, which stays as it is. */
export interface Conversation {
  /** Says something. @returns pieces of the answer */
  say(text: string, options: AnswerOptions): AsyncGenerator<string, void, void>
  dispose(): void
}

/** Memories by name, wherever they are: the same commands for those of a server and those of a folder. */
export interface Memories {
  list(): Promise<MemoryFacts[]>
  /** Reads a text in UTF-8 as it comes. */
  read(text: AsyncIterable<Uint8Array>, target: Target, options: ReadOptions): Promise<MemoryFacts>
  ask(name: string, text: string, options: AskOptions): AsyncGenerator<string, void, void>
  chat(name: string): Promise<Conversation>
  fork(name: string, as: string): Promise<MemoryFacts>
  /** @returns a safetensors file */
  export(name: string): Promise<Uint8Array>
  /** @param file of `export`, from a server or a folder */
  import(name: string, file: Uint8Array): Promise<MemoryFacts>
  remove(name: string): Promise<void>
}
