import type { DecodingStep, ReaderGroup } from '@ttt-e2e/ttt-inner'

interface Waiting {
  step: DecodingStep
  resolve: (logits: Float32Array) => void
  reject: (reason: unknown) => void
}

/** Runs turns side by side and brings their decoding together: one pass through the model for a token of each. */
export class DecodeTogether {
  private waiting: Waiting[] = []
  /** Turns that have not ended. */
  private running = 0

  constructor(private readonly group: ReaderGroup) {}

  /** @param turns which deal with their errors themselves @returns when all have ended */
  async run(turns: readonly (() => Promise<void>)[]): Promise<void> {
    this.running = turns.length
    const end = () => {
      this.running--
      this.passIfAllWait()
    }
    await Promise.all(turns.map((turn) => turn().finally(end)))
  }

  /** Reads a token, once every other turn waits here too or has ended. @returns the logits of the next one [V] */
  step(step: DecodingStep): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ step, resolve, reject })
      this.passIfAllWait()
    })
  }

  private passIfAllWait(): void {
    if (this.waiting.length === 0 || this.waiting.length < this.running) return
    const all = this.waiting.splice(0)
    this.group.step(all.map(({ step }) => step)).then(
      (logits) => all.forEach(({ resolve }, i) => resolve(logits[i])),
      (error: unknown) => all.forEach(({ reject }) => reject(error)),
    )
  }
}
