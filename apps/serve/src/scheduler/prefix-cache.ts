import type { Memory } from '@ttt-e2e/checkpoint'

/** How a text is read: what learned from it is another memory than what did not. */
export interface ReadBeginning {
  tokens: Int32Array
  /** Whether it is learned from. */
  learn: boolean
}

interface Entry extends ReadBeginning {
  memory: Memory
  bytes: number
}

export interface PrefixCacheOptions {
  maxCount: number
  /** Of all entries' memories together; tensors that forks share count for each. */
  maxBytes: number
}

/**
 * What texts that were read before had made of a memory, so that a text that begins like one of them is not read twice;
 * the entry that was used least recently makes room.
 */
export class PrefixCache {
  /** The one used last stands last. */
  private entries: Entry[] = []
  private bytes = 0

  constructor(private readonly options: PrefixCacheOptions) {}

  /** @returns a fork of the memory of the longest beginning of these tokens, read in the same way; the caller's */
  fork(text: ReadBeginning): Memory | undefined {
    const found = this.entries
      .filter((entry) => isBeginning(entry, text))
      .reduce<Entry | undefined>(
        (longest, entry) => (longest && longest.tokens.length >= entry.tokens.length ? longest : entry),
        undefined,
      )
    if (!found) return undefined
    this.entries = [...this.entries.filter((entry) => entry !== found), found]
    return found.memory.fork()
  }

  /** @param memory of these tokens, read so from nothing; the cache's from here on */
  add({ tokens, learn }: ReadBeginning, memory: Memory): void {
    const same = this.entries.find(
      (entry) => entry.tokens.length === tokens.length && isBeginning(entry, { tokens, learn }),
    )
    if (same) this.remove(same)
    const bytes = memory.stateBytes()
    this.entries.push({ tokens: tokens.slice(), learn, memory, bytes })
    this.bytes += bytes
    const { maxCount, maxBytes } = this.options
    while (this.entries.length > maxCount || this.bytes > maxBytes) this.remove(this.entries[0])
  }

  dispose(): void {
    for (const entry of this.entries) this.remove(entry)
  }

  private remove(entry: Entry): void {
    this.entries = this.entries.filter((each) => each !== entry)
    this.bytes -= entry.bytes
    entry.memory.dispose()
  }
}

const isBeginning = (beginning: ReadBeginning, { tokens, learn }: ReadBeginning): boolean =>
  beginning.learn === learn &&
  beginning.tokens.length <= tokens.length &&
  beginning.tokens.every((token, i) => token === tokens[i])
