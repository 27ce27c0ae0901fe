import { pause } from '@ttt-e2e/tensor-ops'
import type { Reader } from './reader'
import { Sampler, type SamplingOptions } from './sample'

export interface GenerateOptions extends SamplingOptions {
  /** Tokens at the most; without a limit where left out. */
  maxTokens?: number
  /** The same seed and memory give the same tokens. */
  seed?: number
  /** Tokens that came before, as `repetitionPenalty` counts them; none where left out. */
  prompt?: Iterable<number>
  /** Ends before this token is given out, e.g. the mark before a document. */
  stopTokens?: readonly number[]
  /** Whether chunks of what is generated are learned from too; not where left out. */
  learn?: boolean
  /** Told of each token before it is read, with the model's logits [V] that it was drawn from. */
  onToken?(token: number, logits: Float32Array): void
  /**
   * Reads a token and gives the next one's logits [V], where others than the reader do: see `ReaderGroup`. It also gives
   * timers, sockets and aborts their turn.
   */
  step?(token: number): Promise<Float32Array>
  signal?: AbortSignal
}

/**
 * Generates tokens one by one from what a reader of one sequence remembers. Each token given out has been read by the
 * reader, so its memory goes on with them. An abort ends the loop without an error.
 *
 * @throws if nothing was read yet
 */
export async function* generate(
  reader: Reader,
  options: GenerateOptions = {},
): AsyncGenerator<number, void, void> {
  const {
    maxTokens = Infinity,
    seed,
    prompt,
    stopTokens = [],
    learn = false,
    onToken,
    step,
    signal,
  } = options
  const sampler = new Sampler(options, { ...(seed !== undefined && { seed }), ...(prompt && { prompt }) })
  let known: Float32Array | undefined
  for (let count = 0; count < maxTokens; count++) {
    // Timers, sockets and aborts get a turn between two tokens: whoever reads them for others gives it once for all.
    if (!step) await pause()
    if (signal?.aborted) return
    const logits = known ?? (await reader.nextLogits())
    const token = sampler.draw(logits)
    if (stopTokens.includes(token)) return
    onToken?.(token, logits)
    if (step) known = await step(token)
    else await reader.read(Int32Array.of(token), { learn })
    yield token
  }
}
