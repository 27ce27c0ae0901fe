import type { Memory } from '@ttt-e2e/checkpoint'
import type { Metrics } from '../metrics'
import type { Piece } from './complete'
import type { Job } from './job'
import { readTokens } from './read-tokens'
import type { ModelFacts } from './scheduler'
import { TokenScorer, type TokenScore } from './token-score'

/** What is read before a completion begins. */
export interface Prompt {
  tokens: Int32Array
  /** As text, where the completion is to begin with it. */
  echo?: string
}

/**
 * Reads a prompt into a memory. Where it is to be given out again with scores, it is read a token at a time: only then is
 * known what else could have stood at each place.
 *
 * @param top of how many of the likeliest tokens to tell, where scores are asked for
 * @returns what completions begin with
 */
export async function readPrompt(
  job: Job,
  served: { scheduler: { model: ModelFacts }; metrics: Metrics },
  memory: Memory,
  { tokens, echo }: Prompt,
  top: number | undefined,
): Promise<Piece> {
  if (echo === undefined || top === undefined) {
    for await (const _ of readTokens(job, served, memory, tokens));
    return { text: echo ?? '', scores: [] }
  }
  const { scheduler, metrics } = served
  const { tokenizer } = scheduler.model
  const { steps } = memory
  const scores: TokenScore[] = []
  const scorer = new TokenScorer(tokenizer, top)
  const read = await job.turn((model) => model.predict(memory, tokens))
  for (;;) {
    const { done, value } = await job.turn(() => read.next())
    if (done) break
    // The mark before a document belongs to no text.
    if (value.token !== tokenizer.bosToken) scores.push(scorer.score(value.token, value.logits))
  }
  metrics.tokensRead.inc(tokens.length)
  metrics.innerSteps.inc(memory.steps - steps)
  return { text: echo, scores }
}
