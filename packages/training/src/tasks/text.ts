import { createHash } from 'node:crypto'
import type { DataRecord } from '@ttt-e2e/checkpoint'
import {
  byteTokenizer,
  checkTokens,
  packedStream,
  textStream,
  type AnyCorpus,
  type Cursor,
  type Tokenizer,
} from '@ttt-e2e/data'
import type { Recipe, RowsRecipe } from '@ttt-e2e/meta-outer'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { firstTokens, recordCorpus, recordPart } from './record-corpus'
import type { Task } from './task'

export interface TextTaskOptions {
  recipe: Pick<Recipe, 'training' | 'evaluation'>
  rows: RowsRecipe
  title: string
  /** What the corpus is called in a summary. */
  name: string
  /** All of it, as it was read; where a run is trained on it. */
  corpus?: AnyCorpus
  /** What it became tokens by; bytes where left out. */
  tokenizer?: Tokenizer
  train: AnyCorpus
  /** Its documents are read from their beginning; shorter ones than the recipe's evaluation are left out. */
  heldOut: AnyCorpus
  notes?: string[]
}

/** Text: learns from one corpus and is measured at the beginnings of the documents of another. */
export function textTask(options: TextTaskOptions): Task {
  const { recipe, rows, title, name, corpus, tokenizer = byteTokenizer, train, heldOut, notes = [] } = options
  const { training, evaluation } = recipe
  const { vocabularySize, bosToken } = tokenizer
  const width = evaluation.length + 1
  const chosen = heldOut.documents
    .filter(({ tokens }) => tokens.length >= width)
    .slice(0, evaluation.documents)
    .map(({ id, tokens }) => ({ id, tokens: firstTokens(tokens, width) }))
  for (const { id, tokens } of chosen) checkTokens(tokens, vocabularySize, `document '${id}'`)
  const count = train.documents.reduce((sum, { tokens }) => sum + tokens.length, 0)
  const packed = rows === 'packed'
  let recorded: DataRecord | undefined
  const streamOf = packed ? packedStream : textStream
  return {
    title,
    summary: `${name}: ${counted(train.documents.length, 'document')}, ${(count / 1e6).toFixed(1)} ${tokenizer === byteTokenizer ? 'MB' : 'M tokens'}${packed ? ', packed' : ''}`,
    stream: ({ seed, batch = training.batch, length = training.length, cursor, signal, rows }) =>
      streamOf({
        documents: train.documents,
        tokenizer,
        seed,
        batch,
        length,
        signal,
        ...(rows && { rows }),
        cursor: cursor as Cursor | undefined,
      }),
    heldOut: chosen,
    bosToken,
    references: () => [],
    fingerprint: () => ({ documents: train.documents.length, sha256: digestOf(train) }),
    ...(corpus && { record: () => (recorded ??= { ...recordCorpus(corpus), trained: recordPart(train) }) }),
    notes,
  }
}

/** Tokens are hashed as int32, however they are kept. */
const hashedAtOnce = 1 << 20

function digestOf({ documents }: AnyCorpus): string {
  const hash = createHash('sha256')
  for (const { tokens } of documents) {
    hash.update(`${tokens.length}:`)
    for (let from = 0; from < tokens.length; from += hashedAtOnce)
      hash.update(new Uint8Array(firstTokens(tokens.subarray(from), hashedAtOnce).buffer))
  }
  return hash.digest('hex')
}
