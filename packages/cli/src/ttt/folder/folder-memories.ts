import { decodeMemory, encodeMemory, type Memory, type Model } from '@ttt-e2e/checkpoint'
import { readingPieces } from '@ttt-e2e/data'
import { UserError } from '@ttt-e2e/tensor-ops/user-error'
import type { AskOptions, Conversation, Memories, MemoryFacts, ReadOptions, Target } from '../memories'
import { answer, readQuestion } from './answer'
import { FolderConversation } from './folder-conversation'
import { MemoryFiles } from './memory-files'
import { pieceLengthOf } from './piece-length'

/** Memories in a folder, read and asked by a model in this process. */
export class FolderMemories implements Memories {
  private readonly files: MemoryFiles

  /** @param model asked for once it is needed: what only moves files needs none */
  constructor(
    folder: string,
    private readonly model: () => Promise<Model>,
  ) {
    this.files = new MemoryFiles(folder)
  }

  async list(): Promise<MemoryFacts[]> {
    return this.files.list()
  }

  async read(
    text: AsyncIterable<Uint8Array>,
    target: Target,
    { onProgress, signal, learn = true }: ReadOptions,
  ): Promise<MemoryFacts> {
    const name = 'save' in target ? target.save : target.into
    return this.changing(name, async () => {
      if ('save' in target) this.files.vacant(name)
      const model = await this.model()
      const memory = 'into' in target ? await this.load(name) : model.startMemory()
      try {
        const start = memory.tokens
        let bytes = 0
        for await (const piece of readingPieces(text)) {
          const before = memory.tokens
          const length = Buffer.byteLength(piece)
          await model.read(piece, {
            memory,
            signal,
            learn,
            pieceLength: pieceLengthOf(model),
            onProgress: ({ done, total, losses }) =>
              onProgress({
                tokens: before - start + done,
                bytes: bytes + (length * done) / total,
                loss: meanOf(losses),
              }),
          })
          bytes += length
        }
        signal.throwIfAborted()
        if (memory.tokens === start) throw new UserError('the text is empty: there is nothing to read')
        return this.files.write(name, await encodeMemory(memory))
      } finally {
        memory.dispose()
      }
    })
  }

  async *ask(name: string, text: string, options: AskOptions): AsyncGenerator<string, void, void> {
    const unlock = options.update ? this.files.lock(name) : () => {}
    try {
      const memory = await this.load(name)
      try {
        const model = await this.model()
        const question = await readQuestion(model, memory, [{ role: 'user', content: text }], options)
        yield* answer(model, memory, question, options)
        if (options.update && !options.signal.aborted) this.files.write(name, await encodeMemory(memory))
      } finally {
        memory.dispose()
      }
    } finally {
      unlock()
    }
  }

  async chat(name: string): Promise<Conversation> {
    return new FolderConversation(await this.model(), await this.load(name))
  }

  async fork(name: string, as: string): Promise<MemoryFacts> {
    return this.changing(as, async () => {
      this.files.vacant(as)
      return this.files.write(as, this.files.read(name))
    })
  }

  async export(name: string): Promise<Uint8Array> {
    return this.files.read(name)
  }

  async import(name: string, file: Uint8Array): Promise<MemoryFacts> {
    return this.changing(name, async () => {
      this.files.vacant(name)
      decodeMemory(await this.model(), file, name).dispose()
      return this.files.write(name, file)
    })
  }

  async remove(name: string): Promise<void> {
    this.files.find(name)
    await this.changing(name, async () => this.files.remove(name))
  }

  private async load(name: string): Promise<Memory> {
    const file = this.files.read(name)
    return decodeMemory(await this.model(), file, `the memory '${name}'`)
  }

  private async changing<T>(name: string, change: () => Promise<T>): Promise<T> {
    const unlock = this.files.lock(name)
    try {
      return await change()
    } finally {
      unlock()
    }
  }
}

/** Of what was predicted; null where nothing was. */
function meanOf(losses: Float32Array): number | null {
  const known = losses.filter((loss) => !Number.isNaN(loss))
  return known.length > 0 ? known.reduce((sum, each) => sum + each, 0) / known.length : null
}
