import { basename, resolve } from 'node:path'
import { DataError } from '../data-error'
import type { Tokenizer } from '../tokenizers/tokenizer'
import type { Corpus, Document, PassedOver } from './document'
import { readTexts, textFilesAt, type ReadTextsOptions } from './read-texts'
import { TokenList } from './token-list'

export type TextCorpusOptions = ReadTextsOptions

/**
 * Reads a file or a folder of text. A text file is one document; a line of `.jsonl` or `.ndjson`, an element of a `.json`
 * and a row of a `.parquet` is one each. All but the last may be compressed, `.gz` or `.zst` after their own ending.
 * Endings count in capitals too. Files of any size are read in pieces; only the tokens are kept.
 *
 * A folder stands for all its files, recursively, in the order of their paths, without hidden ones. What is left out of
 * it is in `passedOver`: empty files, files that are not UTF-8 text, and folders of runs, which are a model's and no
 * text. Ids are the paths below the folder, for one of many with its number: `notes/a.md`, `pages.jsonl:12`.
 *
 * @throws DataError for a path that does not exist, a file or folder without text, a file named directly that is not UTF-8
 * text, or anything in a file of many that has no text; file system errors
 */
export async function readTextCorpus(
  path: string,
  tokenizer: Tokenizer,
  options: TextCorpusOptions = {},
): Promise<Corpus> {
  const documents: Document[] = []
  const passedOver: PassedOver[] = []
  let tokens = new TokenList()
  for await (const event of readTexts(textFilesAt(path), options)) {
    if (event.kind === 'piece') {
      tokens.push(tokenizer.encode(event.text))
      continue
    }
    if (event.kind === 'document') documents.push({ id: event.id, tokens: tokens.join() })
    else passedOver.push({ id: event.id, reason: event.reason })
    tokens = new TokenList()
  }
  return corpusOf(path, documents, passedOver)
}

/** @throws DataError for a folder without a document */
export function corpusOf<T extends { id: string }>(
  path: string,
  documents: T[],
  passedOver: readonly PassedOver[],
): { name: string; documents: T[]; passedOver?: readonly PassedOver[] } {
  if (documents.length === 0)
    throw new DataError(
      `folder '${path}' holds no text; it must hold a text file${passedOver.length > 0 ? ` (${sentenceOf(passedOver)})` : ''}`,
    )
  return { name: basename(resolve(path)), documents, ...(passedOver.length > 0 && { passedOver }) }
}

/** What was passed over, in words: how many, and the first of them by name. */
export function sentenceOf(passedOver: readonly PassedOver[], shown = 5): string {
  const named = passedOver.slice(0, shown).map(({ id, reason }) => `'${id}' ${reason}`)
  const more = passedOver.length > shown ? `; and ${passedOver.length - shown} more` : ''
  return `not read: ${named.join('; ')}${more}`
}
