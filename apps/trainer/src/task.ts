import { UserError } from '@ttt-e2e/cli'
import {
  bigramDocument,
  bigramStream,
  byteTokenizer,
  DataError,
  readBooks,
  packedStream,
  readTextCorpus,
  splitByDocument,
  textStream,
  type Corpus,
  type Cursor,
} from '@ttt-e2e/data'
import type { Batch, Recipe, RowsRecipe } from '@ttt-e2e/meta-outer'
import { createRandom, fold } from '@ttt-e2e/tensor-ops'

/** What a recipe trains on and what it is measured on. */
export interface Task {
  /** What the data is, in a few words. */
  summary: string
  /** Batches from a position on. */
  stream(cursor: unknown, signal: AbortSignal): AsyncIterable<Batch>
  /** Held-out documents of evaluation.length + 1 tokens each, read from their beginning. */
  heldOut: Int32Array[]
  bosToken?: number
}

/** Far from the seeds of training runs, which count from 0. */
const evaluationSeed = 0x5eed_e7a1

/** @throws UserError or DataError if the data isn't there or is too short */
export function openTask(recipe: Recipe): Task {
  const { data } = recipe
  if (data.kind === 'languages') return languagesTask(recipe, data.successors)
  if (data.kind === 'books') return textTask(recipe, readBooks(byteTokenizer), data.rows)
  if (data.path === '')
    throw new UserError(
      `'${recipe.name}' trains on a text of yours; give --data a file, a folder or a .jsonl`,
    )
  return textTask(recipe, readTextCorpus(data.path, byteTokenizer), data.rows)
}

function languagesTask({ size, training, evaluation }: Recipe, successors: number): Task {
  const { vocabularySize } = size
  return {
    summary: `bigram languages of ${vocabularySize} symbols, ${successors} followers each`,
    stream: (cursor, signal) =>
      bigramStream({
        vocabularySize,
        successors,
        seed: dataSeed(training.seed),
        batch: training.batch,
        length: training.length,
        signal,
        cursor: cursor as Cursor | undefined,
      }),
    heldOut: Array.from({ length: evaluation.documents }, (_, n) => {
      const random = createRandom(fold(evaluationSeed, n))
      return bigramDocument({ vocabularySize, successors, length: evaluation.length + 1, random }).tokens
    }),
  }
}

function textTask({ training, evaluation }: Recipe, corpus: Corpus, rows: RowsRecipe): Task {
  const { train, heldOut } = divide(corpus, evaluation.length + 1)
  const bytes = train.documents.reduce((sum, { tokens }) => sum + tokens.length, 0)
  const streamOf = rows === 'packed' ? packedStream : textStream
  const packed = rows === 'packed' ? ', packed' : ''
  return {
    summary: `${corpus.name}: ${train.documents.length} documents, ${(bytes / 1e6).toFixed(1)} MB${packed}`,
    stream: (cursor, signal) =>
      streamOf({
        documents: train.documents,
        tokenizer: byteTokenizer,
        seed: dataSeed(training.seed),
        batch: training.batch,
        length: training.length,
        signal,
        cursor: cursor as Cursor | undefined,
      }),
    heldOut: heldOut.slice(0, evaluation.documents),
    bosToken: byteTokenizer.bosToken,
  }
}

/** Data and parameters are drawn from different seeds of one run. */
export const dataSeed = (seed: number) => fold(seed, 1)
export const parameterSeed = (seed: number) => fold(seed, 2)

/** Every tenth long document is held out; where there are too few, the last fifth of each is, cut into pieces. */
function divide(corpus: Corpus, width: number): { train: Corpus; heldOut: Int32Array[] } {
  try {
    const { train, heldOut } = splitByDocument(corpus, { heldOutEvery: 10, minimumHeldOutLength: width })
    return { train, heldOut: heldOut.documents.map(({ tokens }) => tokens.slice(0, width)) }
  } catch (error) {
    if (!(error instanceof DataError)) throw error
  }
  const parts = corpus.documents.map(({ id, tokens }) => {
    const border = Math.floor(tokens.length * 0.8)
    return { id, before: tokens.subarray(0, border), after: tokens.subarray(border) }
  })
  const heldOut = parts.flatMap(({ after }) =>
    Array.from({ length: Math.floor(after.length / width) }, (_, n) =>
      after.slice(n * width, (n + 1) * width),
    ),
  )
  if (heldOut.length === 0)
    throw new UserError(
      `'${corpus.name}' has no document of which a fifth is ${width} bytes; bring more text or set evaluation.length lower`,
    )
  const documents = parts.map(({ id, before }) => ({ id, tokens: before }))
  return { train: { name: corpus.name, documents }, heldOut }
}
