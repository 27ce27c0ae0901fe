import type { Memory } from '@ttt-e2e/checkpoint'
import type { Service } from '../service'
import type { Piece } from './complete'
import type { Job } from './job'
import { pieceLengthOf, readTokens, type TokensToRead } from './read-tokens'
import { TokenScorer, type TokenScore } from './token-score'

/** What is read before a completion begins. */
export interface Prompt {
  tokens: Int32Array
  /** As text, where the completion is to begin with it. */
  echo?: string
}

/** How a prompt is read. */
interface PromptReading {
  /** Whether it is learned from. */
  learn: boolean
  /** Of how many of the likeliest tokens to tell at each place, where scores are asked for. */
  top: number | undefined
}

/** What a prompt has made of a memory. */
export interface ReadPrompt {
  memory: Memory
  /** What completions begin with. */
  echoed: Piece
  /** Tokens of the prompt that had been read before. */
  cached: number
  /** Inner steps that reading the others took. */
  steps: number
}

/**
 * Reads a prompt. Where it is to be given out again with scores, it is read a token at a time: only then is known what else
 * could have stood at each place. A prompt at the beginning of a text goes on from what other prompts with the same
 * beginning had made of a memory, at a border of the pieces that texts are read in: so its memory is, to the bit, what
 * reading all of it gives.
 *
 * @param start the memory to read into, taken over; nothing at the beginning of a text
 * @returns a memory that is the caller's
 */
export async function readPrompt(
  job: Job,
  service: Service,
  start: Memory | undefined,
  { tokens, echo }: Prompt,
  { learn, top }: PromptReading,
): Promise<ReadPrompt> {
  const scored = echo !== undefined && top !== undefined
  const shared = start || scored ? undefined : await job.turn(() => service.prefixes.fork({ tokens, learn }))
  const cached = shared?.tokens ?? 0
  const memory = start ?? shared ?? (await job.turn((model) => model.startMemory()))
  const { steps } = memory
  try {
    const echoed = { text: echo ?? '', scores: [] as TokenScore[] }
    const text = { memory, tokens, learn }
    if (scored) echoed.scores = await readScored(job, service, text, top)
    else await readShared(job, service, text, { cached, isShared: start === undefined })
    return { memory, echoed, cached, steps: memory.steps - steps }
  } catch (error) {
    memory.dispose()
    throw error
  }
}

/** Reads what isn't cached, and keeps the memory at the last border for texts that begin the same. */
async function readShared(
  job: Job,
  service: Service,
  { tokens, ...how }: TokensToRead,
  { cached, isShared }: { cached: number; isShared: boolean },
): Promise<void> {
  const piece = pieceLengthOf(service.scheduler.model)
  const border = isShared ? piece * Math.floor(tokens.length / piece) : cached
  const { learn, memory } = how
  for await (const _ of readTokens(job, service, { ...how, tokens: tokens.subarray(cached, border) }));
  if (border > cached) service.prefixes.add({ tokens: tokens.subarray(0, border), learn }, memory.fork())
  for await (const _ of readTokens(job, service, { ...how, tokens: tokens.subarray(border) }));
}

async function readScored(
  job: Job,
  { scheduler, metrics, spend }: Service,
  { memory, tokens, learn }: TokensToRead,
  top: number,
): Promise<TokenScore[]> {
  const { tokenizer } = scheduler.model
  const { steps } = memory
  const scores: TokenScore[] = []
  const scorer = new TokenScorer(tokenizer, top)
  const read = await job.turn((model) => model.predict(memory, tokens, { learn }))
  for (;;) {
    const { done, value } = await job.turn(() => read.next())
    if (done) break
    // The mark before a document belongs to no text.
    if (value.token !== tokenizer.bosToken) scores.push(scorer.score(value.token, value.logits))
  }
  metrics.tokensRead.inc(tokens.length)
  spend(tokens.length)
  metrics.innerSteps.inc(memory.steps - steps)
  return scores
}
