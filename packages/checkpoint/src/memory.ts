import type { Reader } from '@ttt-e2e/ttt-inner'

/** What a model remembers of one text: fast weights, caches and the open chunk. Made by `Model`; owns its tensors. */
export class Memory {
  /** Tokens generated of a character that isn't complete: the next generation goes on with them. */
  unfinished: readonly number[] = []

  constructor(
    readonly reader: Reader,
    /** Of the model's file: no other model can go on from this memory. */
    readonly modelHash: string,
  ) {}

  /** Tokens read, those generated included. */
  get tokens(): number {
    return this.reader.position
  }

  /** Inner steps taken: chunks learned from. */
  get steps(): number {
    return this.reader.steps
  }

  /** Bytes of its tensors. */
  stateBytes(): number {
    return this.reader.stateBytes()
  }

  /** Another memory of the same; neither changes the other. Constant time: tensors are shared until changed. */
  fork(): Memory {
    const fork = new Memory(this.reader.fork(), this.modelHash)
    fork.unfinished = this.unfinished
    return fork
  }

  /** Forgets everything, whatever it was made of: it is a memory of nothing, as a new one. */
  reset(): void {
    this.reader.reset()
    this.unfinished = []
  }

  dispose(): void {
    this.reader.dispose()
  }
}
