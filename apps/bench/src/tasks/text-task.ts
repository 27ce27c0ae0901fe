import { createHash } from 'node:crypto'
import { byteTokenizer, checkTokens, textStream, type Corpus, type Cursor } from '@ttt-e2e/data'
import type { TaskPreset } from '../presets'
import type { Task } from './task'

export interface TextTaskOptions {
  name: string
  title: string
  preset: TaskPreset
  train: Corpus
  heldOut: Corpus
  /** Tokens of each evaluation document, read from its beginning; shorter ones are left out. */
  evaluationLength: number
  notes?: string[]
}

/** Bytes of text: learns from one corpus and is measured at the beginnings of the documents of another. */
export function textTask(options: TextTaskOptions): Task {
  const { name, title, preset, train, heldOut, evaluationLength, notes = [] } = options
  const { vocabularySize, bosToken } = byteTokenizer
  const chosen = heldOut.documents
    .filter(({ tokens }) => tokens.length > evaluationLength)
    .slice(0, preset.evaluationDocuments)
  for (const { id, tokens } of chosen) checkTokens(tokens, vocabularySize, `document '${id}'`)
  const { training } = preset
  return {
    name,
    title,
    size: { ...preset.size, vocabularySize },
    training,
    reading: preset.reading,
    evaluation: {
      length: evaluationLength,
      ids: chosen.map(({ id }) => id),
      documents: chosen.map(({ tokens }) => tokens.slice(0, evaluationLength + 1)),
    },
    bosToken,
    stream: ({ seed, cursor, signal }) =>
      textStream({
        documents: train.documents,
        tokenizer: byteTokenizer,
        seed,
        batch: training.batch,
        length: training.length,
        signal,
        cursor: cursor as Cursor | undefined,
      }),
    references: [],
    data: { documents: train.documents.length, sha256: digestOf(train) },
    notes,
  }
}

function digestOf({ documents }: Corpus): string {
  const hash = createHash('sha256')
  for (const { tokens } of documents) {
    hash.update(`${tokens.length}:`)
    hash.update(new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength))
  }
  return hash.digest('hex')
}
