import type { Memory } from '@ttt-e2e/checkpoint'
import { DataError } from '@ttt-e2e/data'
import { ApiError } from '../http/api-error'
import type { Metrics } from '../metrics'
import type { Job } from './job'
import type { ModelFacts } from './scheduler'

export interface PieceReport {
  tokens: Int32Array
  /** Mean nats per token of this piece, each given all before it; null where nothing was predicted. */
  loss: number | null
}

/** Tokens of an inner step; 0 where the model doesn't learn while it reads. */
export const chunkOf = ({ system }: ModelFacts): number => system.rule?.chunk ?? 0

/**
 * A text as the tokens that a memory reads next.
 *
 * @param from.first whether the memory has read nothing yet
 * @param from.special whether names of special tokens in it stand for these
 * @throws ApiError 400 if the model has no token for a character
 */
export function tokensOf(
  { tokenizer, documentsBeginWithBos }: ModelFacts,
  text: string,
  { first, special = false, param }: { first: boolean; special?: boolean; param: string },
): Int32Array {
  try {
    const tokens = tokenizer.encode(text, { special })
    const { bosToken } = tokenizer
    const begin = first && bosToken !== undefined && documentsBeginWithBos
    return begin ? Int32Array.of(bosToken, ...tokens) : tokens
  } catch (error) {
    if (error instanceof DataError) throw new ApiError(400, 'invalid_text', error.message, param)
    throw error
  }
}

/** Tokens that are read in one turn at the model. */
export const pieceLengthOf = (model: ModelFacts): number => 4 * (chunkOf(model) || 64)

/** What is read with, and who counts it. */
interface Reading {
  scheduler: { model: ModelFacts }
  metrics: Metrics
  spend(tokens: number): void
}

/** What a memory is to read. */
export interface TokensToRead {
  memory: Memory
  tokens: Int32Array
  /** Whether chunks that are full are learned from; where not, they pass by. */
  learn: boolean
}

/** Reads tokens into a memory, a turn at the model for every four chunks. @throws DataError for one outside the vocabulary */
export async function* readTokens(
  job: Job,
  { scheduler, metrics, spend }: Reading,
  { memory, tokens, learn }: TokensToRead,
): AsyncGenerator<PieceReport, void, void> {
  const pieceLength = pieceLengthOf(scheduler.model)
  for (let start = 0; start < tokens.length; start += pieceLength) {
    const piece = tokens.subarray(start, start + pieceLength)
    const { steps } = memory
    const nats = await job.read({ memory, tokens: piece, learn })
    metrics.tokensRead.inc(piece.length)
    spend(piece.length)
    metrics.innerSteps.inc(memory.steps - steps)
    const known = nats.filter((loss) => !Number.isNaN(loss))
    const loss = known.length > 0 ? known.reduce((sum, each) => sum + each, 0) / known.length : null
    yield { tokens: piece, loss }
  }
}
