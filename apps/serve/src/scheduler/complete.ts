import type { Memory } from '@ttt-e2e/checkpoint'
import type { DecodingStep, SamplingOptions } from '@ttt-e2e/ttt-inner'
import type { Metrics } from '../metrics'
import type { Job } from './job'
import type { ModelFacts } from './scheduler'
import { StopAt } from '@ttt-e2e/data'
import { TokenScorer, type TokenScore } from './token-score'

export interface CompletionOptions extends SamplingOptions {
  maxTokens: number
  seed: number
  stop: readonly string[]
  /** Goes on where the model would end. */
  ignoreEnd: boolean
  /** Whether the memory learns from what it generates too. */
  learn: boolean
  /** Of how many of the likeliest tokens at each place to tell; undefined for no scores at all. */
  scores?: number
}

/** Text that is certain to belong to the completion, with the scores of its tokens where they were asked for. */
export interface Piece {
  text: string
  scores: TokenScore[]
}

export interface Ending {
  reason: 'stop' | 'length'
  /** Tokens generated, those of a stop included. */
  tokens: number
}

/** What decodes tokens, beside those of others. */
interface Decoding {
  model: ModelFacts
  step(step: DecodingStep): Promise<Float32Array>
}

/**
 * Goes on from what a memory has read, a turn at the model for each token.
 *
 * @param prompt what `repetitionPenalty` counts too
 * @param since when the work began, as of performance.now()
 * @returns pieces of text, then how it ended. An abort of the job's signal throws its reason before the next token.
 */
export async function* complete(
  job: Job,
  { scheduler, metrics, spend }: { scheduler: Decoding; metrics: Metrics; spend(tokens: number): void },
  memory: Memory,
  { ignoreEnd, scores: top, ...options }: CompletionOptions,
  { prompt, since }: { prompt: Int32Array; since: number },
): AsyncGenerator<Piece, Ending, void> {
  const { tokenizer } = scheduler.model
  const start = memory.tokens
  const stop = new StopAt(options.stop)
  // What lies behind a stop is none of the completion's.
  const waiting: TokenScore[] = []
  const scorer = new TokenScorer(tokenizer, top ?? 0, memory.unfinished)
  let given = 0
  const onToken = (token: number, logits: Float32Array) => void waiting.push(scorer.score(token, logits))
  const pieceOf = (text: string): Piece => {
    given += text.length
    const ready = waiting.findIndex(({ at }) => at >= given)
    const scores = waiting.splice(0, ready < 0 ? waiting.length : ready)
    return { text, scores }
  }
  const pieces = await job.turn((model) =>
    model.generate(memory, {
      ...options,
      prompt,
      signal: job.signal,
      step: (token) => scheduler.step({ reader: memory.reader, token, learn: options.learn }),
      ...(ignoreEnd && { stopTokens: [] }),
      ...(top !== undefined && { onToken }),
    }),
  )
  let last = since
  try {
    while (!stop.stopped) {
      const before = { tokens: memory.tokens, steps: memory.steps }
      const { done, value } = await job.decode(() => pieces.next())
      metrics.tokensGenerated.inc(memory.tokens - before.tokens)
      spend(memory.tokens - before.tokens)
      metrics.innerSteps.inc(memory.steps - before.steps)
      job.signal.throwIfAborted()
      if (done) break
      const now = performance.now()
      // A character can be several tokens.
      const seconds = (now - last) / 1000
      if (before.tokens === start) metrics.firstToken.observe(seconds)
      else metrics.betweenTokens.observe(seconds / (memory.tokens - before.tokens))
      last = now
      const certain = stop.push(value)
      if (certain !== '') yield pieceOf(certain)
    }
  } finally {
    await pieces.return()
  }
  const rest = stop.end()
  if (rest !== '') yield pieceOf(rest)
  // Tokens of a character that never became whole have scores, but no text.
  if (!stop.stopped && waiting.length > 0) yield { text: '', scores: waiting }
  const tokens = memory.tokens - start
  return { reason: !stop.stopped && tokens === options.maxTokens ? 'length' : 'stop', tokens }
}
