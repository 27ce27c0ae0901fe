import { checkTokens, type Tokenizer } from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { disposeTree, pause } from '@ttt-e2e/tensor-ops'
import {
  generate,
  Reader,
  ReaderGroup,
  type GenerateOptions,
  type Params,
  type System,
} from '@ttt-e2e/ttt-inner'
import { Memory } from './memory'

export interface ReadOptions {
  /** A memory to go on from: it is changed, and returned. Fork it first to keep it. A new one where left out. */
  memory?: Memory
  /**
   * Tokens between two turns of the event loop; a chunk where left out, or as many as make 128. Other pieces give the
   * same memory but for rounding: products of another shape sum in another order.
   */
  pieceLength?: number
  /** Whether to learn while reading, where the system does; yes where left out. */
  learn?: boolean
  /** Told after each piece. */
  onProgress?(progress: ReadProgress): void
  /** An abort throws its reason before the next piece. A memory that was given has then read the pieces before. */
  signal?: AbortSignal
}

export interface ReadProgress {
  /** Tokens read of those that are to be read. */
  done: number
  total: number
  /** Nats of this piece's tokens, each given all before it; NaN for a text's very first. */
  losses: Float32Array
}

export interface MemoryOptions {
  /** Of its inner steps, see `LearningRule.decay`; the rule's own where left out. */
  decay?: number
}

/** What a memory reads next. */
export interface MemoryPiece {
  memory: Memory
  tokens: Int32Array
  /** Whether chunks that are full are learned from, where the system does; yes where left out. */
  learn?: boolean
}

/** In a piece: fewer at a time take twice as long in all, and these are milliseconds where chunks are so small. */
const fewestTokens = 128

/** What a model is made of. */
export interface ModelParts {
  system: System
  params: Params
  tokenizer: Tokenizer
  /** What no other weights have, e.g. the SHA-256 of model.safetensors: memories belong to it. */
  hash: string
  /** Whether it met the tokenizer's BOS at the beginning of documents, and so is given it there; not where left out. */
  documentsBeginWithBos?: boolean
  /** How it was trained, where that is known. */
  recipe?: Recipe
  /** Sentences that somebody who uses it should know. */
  notes?: readonly string[]
}

/**
 * A model to read and generate text with. Owns its parameters; its memories are their own.
 *
 * A new memory begins with the tokenizer's BOS where the documents that it learned from did: a model that never met one
 * isn't given one. A BOS is never learned to be predicted, and ends a generation.
 */
export class Model {
  readonly system: System
  readonly params: Params
  readonly tokenizer: Tokenizer
  readonly hash: string
  readonly documentsBeginWithBos: boolean
  readonly recipe?: Recipe
  readonly notes: readonly string[]

  constructor({
    system,
    params,
    tokenizer,
    hash,
    documentsBeginWithBos = false,
    recipe,
    notes = [],
  }: ModelParts) {
    this.system = system
    this.params = params
    this.tokenizer = tokenizer
    this.hash = hash
    this.documentsBeginWithBos = documentsBeginWithBos
    this.notes = notes
    if (recipe) this.recipe = recipe
  }

  /** What to call it: its recipe, or what it is built like. */
  get name(): string {
    return this.recipe?.name ?? this.system.name
  }

  /** A memory of nothing. */
  startMemory({ decay }: MemoryOptions = {}): Memory {
    const { bosToken } = this.tokenizer
    return new Memory(new Reader(this.system, this.params, { bosToken, decay }), this.hash)
  }

  /** Memories' readers that read and decode side by side. */
  startGroup(): ReaderGroup {
    const { bosToken } = this.tokenizer
    const { system, params } = this
    return new ReaderGroup({ system, params, ...(bosToken !== undefined && { bosToken }) })
  }

  /**
   * Reads a text, or tokens, and learns on the way; in pieces, so that the event loop turns and an abort is seen.
   *
   * @returns the memory of it; an abort disposes one that was made here
   * @throws the signal's reason; DataError for a token outside the vocabulary
   */
  async read(input: string | ArrayLike<number>, options: ReadOptions = {}): Promise<Memory> {
    const { learn = true, onProgress, signal, pieceLength = this.pieceLength() } = options
    if (!Number.isSafeInteger(pieceLength) || pieceLength < 1)
      throw new RangeError(`pieceLength is ${pieceLength}; it must be a whole number from 1 up`)
    const memory = options.memory ?? this.startMemory()
    try {
      this.checkOwn(memory)
      const { reader } = memory
      const tokens = this.tokensOf(input, memory)
      if (tokens.length > 0) memory.unfinished = []
      for (let start = 0; start < tokens.length; start += pieceLength) {
        await pause()
        signal?.throwIfAborted()
        const end = Math.min(start + pieceLength, tokens.length)
        const losses = await reader.read(tokens.subarray(start, end), { learn })
        onProgress?.({ done: end, total: tokens.length, losses })
      }
      return memory
    } catch (error) {
      if (memory !== options.memory) memory.dispose()
      throw error
    }
  }

  /**
   * Reads a piece into each of some memories, in one pass through the model those that fit together; each memory is what it
   * would be alone, but for rounding.
   *
   * @param pieces each for another memory
   * @returns the nats of each one's tokens, each given all before it; NaN for a text's very first
   * @throws DataError for a token outside the vocabulary
   */
  async readTogether(group: ReaderGroup, pieces: readonly MemoryPiece[]): Promise<Float32Array[]> {
    for (const { memory, tokens } of pieces) {
      this.checkOwn(memory)
      checkTokens(tokens, this.system.decoder.config.vocabularySize)
    }
    for (const { memory } of pieces) memory.unfinished = []
    return group.read(
      pieces.map(({ memory, tokens, learn = true }) => ({ reader: memory.reader, tokens, learn })),
    )
  }

  /**
   * Generates text from what a memory has read, in pieces of whole characters: the tokens of an unfinished one are held
   * back, and the next generation from this memory goes on with them. Ends at BOS or the tokenizer's end tokens, unless `stopTokens` say otherwise;
   * an abort ends it without an error. What is given out has been read by the memory.
   *
   * @throws if the memory has read nothing
   */
  async *generate(memory: Memory, options: GenerateOptions = {}): AsyncGenerator<string, void, void> {
    this.checkOwn(memory)
    const { bosToken, endTokens = [] } = this.tokenizer
    const stopTokens = options.stopTokens ?? (bosToken === undefined ? endTokens : [bosToken, ...endTokens])
    const pieces = this.tokenizer.stream(memory.unfinished)
    for await (const token of generate(memory.reader, { ...options, stopTokens })) {
      const text = pieces.push(token)
      memory.unfinished = pieces.unfinished
      if (text !== '') yield text
    }
  }

  /**
   * Reads tokens one by one and tells, before each is read, which it is and what was predicted: logits [V], nothing before
   * a text's very first token.
   *
   * @param options.learn whether to learn while reading, where the system does; yes where left out
   * @throws DataError for a token outside the vocabulary
   */
  async *predict(
    memory: Memory,
    tokens: ArrayLike<number>,
    { learn = true }: { learn?: boolean } = {},
  ): AsyncGenerator<{ token: number; logits?: Float32Array }, void, void> {
    this.checkOwn(memory)
    checkTokens(tokens, this.system.decoder.config.vocabularySize)
    if (tokens.length > 0) memory.unfinished = []
    for (const token of Array.from(tokens)) {
      await pause()
      yield memory.tokens > 0 ? { token, logits: await memory.reader.nextLogits() } : { token }
      await memory.reader.read(Int32Array.of(token), { learn })
    }
  }

  /** Frees the parameters. Memories must not be read with afterwards. */
  dispose(): void {
    disposeTree(this.params)
  }

  /**
   * What a memory reads of a text, or of tokens: where it has read nothing yet, a text begins as documents do.
   *
   * @throws DataError for a token outside the vocabulary
   */
  tokensOf(input: string | ArrayLike<number>, memory: Memory): Int32Array {
    if (typeof input !== 'string') {
      checkTokens(input, this.system.decoder.config.vocabularySize)
      return Int32Array.from(input)
    }
    const tokens = this.tokenizer.encode(input)
    const { bosToken } = this.tokenizer
    if (memory.tokens > 0 || bosToken === undefined || !this.documentsBeginWithBos) return tokens
    return Int32Array.of(bosToken, ...tokens)
  }

  private pieceLength(): number {
    const { rule, lossChunk } = this.system
    const chunk = rule?.chunk ?? lossChunk ?? fewestTokens
    return chunk * Math.ceil(fewestTokens / chunk)
  }

  private checkOwn({ modelHash }: Memory): void {
    if (modelHash !== this.hash) throw new Error(foreignMemory(modelHash, this.hash))
  }
}

/** Why a memory of another model is refused. */
export const foreignMemory = (found: string, own: string): string =>
  `the memory is of another model (${found.slice(0, 12)}…, this one is ${own.slice(0, 12)}…); only the model that read can go on from it`
