import type { Memory } from '@ttt-e2e/checkpoint'
import type { Metrics } from '../metrics'
import type { Job } from './job'
import { chunkOf, readTokens } from './read-tokens'
import type { ModelFacts } from './scheduler'
import { StopAt } from './stop-at'

export interface CompletionOptions {
  /** Read before the first token is generated. */
  prompt: Int32Array
  maxTokens: number
  temperature: number
  topP: number
  seed: number
  stop: readonly string[]
  /** Whether the memory learns from what it generates too. */
  learn: boolean
}

export interface Usage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  /** Tokens processed for this request: the prompt's and the completion's. */
  tokens_read: number
  /** Tokens that the memory had read before and that were not processed again. */
  tokens_reused: number
  /** Tokens learned from in this request: inner steps × chunk. */
  tokens_learned: number
}

export interface CompletionEnd {
  reason: 'stop' | 'length'
  usage: Usage
}

/**
 * Reads a prompt into a memory and goes on from there, a turn at the model for each piece and token.
 *
 * @param started when the request came, as of performance.now()
 * @returns pieces of text, then how it ended. An abort of the job's signal throws its reason before the next token.
 */
export async function* complete(
  job: Job,
  served: { scheduler: { model: ModelFacts }; metrics: Metrics },
  memory: Memory,
  options: CompletionOptions,
  started: number,
): AsyncGenerator<string, CompletionEnd, void> {
  const { scheduler, metrics } = served
  const { tokens: reused, steps } = memory
  for await (const _ of readTokens(job, served, memory, options.prompt));
  const prompted = memory.tokens
  const stop = new StopAt(options.stop)
  const pieces = await job.turn((model) => model.generate(memory, { ...options, signal: job.signal }))
  let last = started
  try {
    while (!stop.stopped) {
      const before = { tokens: memory.tokens, steps: memory.steps }
      const { done, value } = await job.turn(() => pieces.next())
      metrics.tokensGenerated.inc(memory.tokens - before.tokens)
      metrics.innerSteps.inc(memory.steps - before.steps)
      job.signal.throwIfAborted()
      if (done) break
      const now = performance.now()
      // A character can be several tokens.
      const seconds = (now - last) / 1000
      if (before.tokens === prompted) metrics.firstToken.observe(seconds)
      else metrics.betweenTokens.observe(seconds / (memory.tokens - before.tokens))
      last = now
      const certain = stop.push(value)
      if (certain !== '') yield certain
    }
  } finally {
    await pieces.return()
  }
  const rest = stop.end()
  if (rest !== '') yield rest
  const count = memory.tokens - prompted
  return {
    reason: !stop.stopped && count === options.maxTokens ? 'length' : 'stop',
    usage: {
      prompt_tokens: options.prompt.length,
      completion_tokens: count,
      total_tokens: options.prompt.length + count,
      tokens_read: memory.tokens - reused,
      tokens_reused: reused,
      tokens_learned: (memory.steps - steps) * chunkOf(scheduler.model),
    },
  }
}
