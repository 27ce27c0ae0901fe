import { createHash } from 'node:crypto'
import type { Memory } from '@ttt-e2e/checkpoint'
import { ApiError } from '../http/api-error'
import type { MemoryRecord, Source } from '../memories/memory-record'
import { TraceWriter } from '../memories/reading-trace'
import type { Service } from '../service'
import { complete, type CompletionOptions, type Ending, type Piece } from './complete'
import type { Job } from './job'
import { readPrompt, type Prompt } from './read-prompt'
import { chunkOf } from './read-tokens'

export interface CompletionRequest extends CompletionOptions {
  /** Each one is completed by itself. */
  prompts: readonly Prompt[]
  /** Whether the prompts are learned from, too. */
  learnPrompt: boolean
  /** Completions of each prompt. */
  n: number
  /** Of so many completions of each prompt the n likeliest are given, by the mean of their tokens. */
  bestOf: number
  /** The id of the memory to go on from, in a fork of it. */
  memory?: string
  /** Whether the fork takes the memory's place when it is done; for one completion. */
  update?: boolean
}

export interface Usage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  /** Of the prompts' tokens, those that another text with the same beginning had read. */
  prompt_tokens_details: { cached_tokens: number }
  /** Tokens processed for this request: the prompts' and the completions'. */
  tokens_read: number
  /** Tokens that a memory had read before and that were not processed again. */
  tokens_reused: number
  /** Tokens learned from in this request: inner steps × chunk. */
  tokens_learned: number
}

/** What comes next of one of the completions; `reason` with its last piece. */
export interface CompletionPiece extends Piece {
  /** Of the completion: those of the first prompt come first. */
  index: number
  reason: Ending['reason'] | null
}

/** Tokens of what a request goes on from, a stored memory or what else it is given; 0 at the beginning of a text. */
export const tokensBefore = async (
  { memories }: Service,
  id: string | undefined,
  from?: Memory,
): Promise<number> => (id === undefined ? (from?.tokens ?? 0) : (await memories.get(id, 'memory')).tokens)

/** Where a request begins and what it leaves behind, beside the memories that clients name. */
export interface Surroundings {
  /** What to go on from in a fork; stays the caller's. */
  from?: Memory
  /** Told of what the prompt has made of the memory, in a fork that it owns. */
  onPrompt?(memory: Memory): void
}

/**
 * Completes prompts in memories of their own, which are thrown away afterwards unless one is to update the one that it was
 * forked from. A request that fails or is aborted updates nothing.
 *
 * @returns the texts in pieces; the request is let in at once, so they must be asked for
 * @throws ApiError at once for all that can be known before it is the request's turn
 */
export async function runCompletion(
  service: Service,
  request: CompletionRequest,
  signal: AbortSignal,
  started: number,
  surroundings: Surroundings = {},
): Promise<AsyncGenerator<CompletionPiece, Usage, void>> {
  const { scheduler, memories } = service
  const { memory: id, update, prompts } = request
  const before = await tokensBefore(service, id, surroundings.from)
  if (before === 0 && prompts.some(({ tokens }) => tokens.length === 0))
    throw new ApiError(
      400,
      'empty_prompt',
      'prompt: there must be something to go on from, or a memory',
      'prompt',
    )
  const job = scheduler.admit(signal)
  try {
    const claim = id !== undefined && update ? await memories.claim({ id, param: 'memory' }) : undefined
    return run(service, request, { job, started, ...surroundings, release: () => claim?.release() })
  } catch (error) {
    job.end()
    throw error
  }
}

interface Run extends Surroundings {
  job: Job
  started: number
  release: () => void
}

async function* run(
  service: Service,
  request: CompletionRequest,
  { job, started, from, onPrompt, release }: Run,
): AsyncGenerator<CompletionPiece, Usage, void> {
  const counts = { prompt: 0, completion: 0, cached: 0, known: 0, steps: 0 }
  try {
    for (const [at, prompt] of request.prompts.entries()) {
      const opened =
        request.memory === undefined ? undefined : await service.memories.open(job, request.memory, 'memory')
      const start = opened ? opened.memory : await job.turn(() => from?.fork())
      const known = start?.tokens ?? 0
      const reading = { learn: request.learnPrompt, top: request.scores }
      const { memory, echoed, cached, steps } = await readPrompt(job, service, start, prompt, reading)
      try {
        counts.prompt += prompt.tokens.length
        counts.cached += cached
        counts.known += known
        counts.steps += steps
        onPrompt?.(memory.fork())
        const each = { prompt, memory, echoed, started, first: at * request.n, record: opened?.record }
        const end = yield* completionsOf(service, request, job, each)
        counts.completion += end.tokens
        counts.steps += end.steps
      } finally {
        memory.dispose()
      }
    }
    return {
      prompt_tokens: counts.prompt,
      completion_tokens: counts.completion,
      total_tokens: counts.prompt + counts.completion,
      prompt_tokens_details: { cached_tokens: counts.cached },
      tokens_read: counts.prompt - counts.cached + counts.completion,
      tokens_reused: counts.known + counts.cached,
      tokens_learned: counts.steps * chunkOf(service.scheduler.model),
    }
  } finally {
    release()
    job.end()
  }
}

/** One prompt, once read. */
interface Completing {
  prompt: Prompt
  memory: Memory
  /** What each completion begins with. */
  echoed: Piece
  started: number
  /** The index of its first completion. */
  first: number
  /** Of the stored memory that it goes on from. */
  record: MemoryRecord | undefined
}

async function* completionsOf(
  service: Service,
  request: CompletionRequest,
  job: Job,
  { prompt, memory, echoed, started, first, record }: Completing,
): AsyncGenerator<CompletionPiece, { tokens: number; steps: number }, void> {
  const { n, bestOf, update } = request
  const chosen = bestOf > n
  const all: { pieces: Piece[]; reason: Ending['reason'] }[] = []
  const counts = { tokens: 0, steps: 0 }
  for (let i = 0; i < bestOf; i++) {
    const index = first + i
    const own = memory.fork()
    let kept = false
    try {
      const seed = (request.seed + index) % 2 ** 32
      const options = { ...request, seed, ...(chosen && { scores: request.scores ?? 0 }) }
      const work = complete(job, service, own, options, { prompt: prompt.tokens, since: started })
      const pieces: Piece[] = []
      if (chosen) pieces.push(echoed)
      else if (echoed.text !== '' || echoed.scores.length > 0) yield { ...echoed, index, reason: null }
      for (;;) {
        const { done, value } = await work.next()
        if (!done) {
          const scores = value.scores.map((score) => ({ ...score, at: score.at + echoed.text.length }))
          if (chosen) pieces.push({ ...value, scores })
          else yield { ...value, scores, index, reason: null }
          continue
        }
        counts.tokens += value.tokens
        counts.steps += own.steps - memory.steps
        if (record && update) {
          const read = { tokens: own.tokens - record.tokens, learn: request.learnPrompt }
          const trace = traceOf(service, record, prompt, read)
          await service.memories.replace(job, record, own, trace, 'memory')
          kept = true
        }
        if (chosen) all.push({ pieces, reason: value.reason })
        else yield { text: '', scores: [], index, reason: value.reason }
        break
      }
    } finally {
      if (!kept) own.dispose()
    }
  }
  const best = all.toSorted((a, b) => meanOf(b.pieces, echoed) - meanOf(a.pieces, echoed)).slice(0, n)
  for (const [i, { pieces, reason }] of best.entries()) {
    for (const piece of pieces) yield { ...piece, index: first + i, reason: null }
    yield { text: '', scores: [], index: first + i, reason }
  }
  return counts
}

/** The mean of what was generated, in nats; nothing is the least likely. */
function meanOf(pieces: readonly Piece[], echoed: Piece): number {
  const logprobs = pieces
    .filter((piece) => piece !== echoed)
    .flatMap(({ scores }) => scores.map(({ logprob }) => logprob ?? 0))
  if (logprobs.length === 0) return -Infinity
  return logprobs.reduce((sum, logprob) => sum + logprob, 0) / logprobs.length
}

/** Where a memory comes from that a completion updates. */
function traceOf(
  { scheduler }: Service,
  before: MemoryRecord,
  prompt: Prompt,
  read: Pick<Source, 'tokens' | 'learn'>,
) {
  const writer = new TraceWriter(before)
  const text = scheduler.model.tokenizer.decode([...prompt.tokens])
  writer.source({ kind: 'completion', sha256: createHash('sha256').update(text).digest('hex'), ...read })
  return writer.end()
}
