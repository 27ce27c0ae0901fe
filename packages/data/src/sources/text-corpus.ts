import { statSync } from 'node:fs'
import { basename, join, resolve, sep } from 'node:path'
import { filesBelow } from '@ttt-e2e/tensor-ops/files'
import { DataError } from '../data-error'
import type { Tokenizer } from '../tokenizers/tokenizer'
import { NotText } from './bytes-of-text'
import type { Corpus, Document, PassedOver } from './document'
import { bytesOfFile } from './file-bytes'
import { runFoldersAmong } from './run-folders'
import { formatOf } from './source-formats'
import { textPieces } from './text-pieces'
import { TokenList } from './token-list'

export interface TextCorpusOptions {
  /** The field or column that holds the text in files of many documents; `text` when absent. */
  textField?: string
  /** Bytes that are tokenised at a time; 16 MiB when absent. A longer text is cut where lines end. */
  pieceBytes?: number
}

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
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new DataError(`there is no file or folder '${path}'; give one that exists`)
  const named = !found.isDirectory()
  const { files, passedOver } = named ? { files: [basename(path)], passedOver: [] } : filesOf(path)
  const documents: Document[] = []
  for (const id of files) {
    const file = named ? path : join(path, id)
    const skipped = await readFile(file, id, tokenizer, options, documents, named)
    if (named && documents.length === 0)
      throw new DataError(`file '${path}' ${skipped[0].reason}; it must hold text`)
    passedOver.push(...skipped)
  }
  if (documents.length === 0)
    throw new DataError(
      `folder '${path}' holds no text; it must hold a text file${passedOver.length > 0 ? ` (${sentenceOf(passedOver)})` : ''}`,
    )
  return { name: basename(resolve(path)), documents, ...(passedOver.length > 0 && { passedOver }) }
}

/** Adds the documents of a file. @returns what of it is not read */
async function readFile(
  file: string,
  id: string,
  tokenizer: Tokenizer,
  { textField = 'text', pieceBytes }: TextCorpusOptions,
  documents: Document[],
  named: boolean,
): Promise<PassedOver[]> {
  const format = formatOf(file)
  const tokens = new TokenList()
  if (format === undefined) {
    try {
      for await (const text of textPieces(bytesOfFile(file), pieceBytes)) tokens.push(tokenizer.encode(text))
    } catch (error) {
      if (!(error instanceof NotText)) throw error
      if (named) throw new DataError(`file '${file}' ${error.reason}`)
      return [{ id, reason: error.reason }]
    }
    const all = tokens.join()
    if (all.length === 0) return [{ id, reason: 'is empty' }]
    documents.push({ id, tokens: all })
    return []
  }
  let [texts, empty] = [0, 0]
  for await (const { number, text } of format(file, textField)) {
    texts++
    if (text === '') empty++
    else
      documents.push({
        id: number === undefined ? id : `${id}:${number}`,
        tokens: compact(tokenizer.encode(text)),
      })
  }
  if (texts === 0) return [{ id, reason: 'is empty' }]
  return empty === 0 ? [] : [{ id, reason: `has ${empty} of ${texts} documents without a character` }]
}

function compact(tokens: Int32Array): Document['tokens'] {
  const list = new TokenList()
  list.push(tokens)
  return list.join()
}

/** Files of a folder that may be text, and what is known not to be. */
function filesOf(folder: string): { files: string[]; passedOver: PassedOver[] } {
  const all = filesBelow(folder).map((path) => path.split(sep).join('/'))
  const runs = runFoldersAmong(all)
  if (runs.includes(''))
    throw new DataError(`'${folder}' is the folder of a run or a model, not of text; give a folder of texts`)
  const isOfRun = (path: string) => runs.some((run) => path.startsWith(`${run}/`))
  return {
    files: all.filter((path) => !isOfRun(path)),
    passedOver: runs.map((run) => ({ id: `${run}/`, reason: 'is the folder of a run or a model' })),
  }
}

/** What was passed over, in words: how many, and the first of them by name. */
export function sentenceOf(passedOver: readonly PassedOver[], shown = 5): string {
  const named = passedOver.slice(0, shown).map(({ id, reason }) => `'${id}' ${reason}`)
  const more = passedOver.length > shown ? `; and ${passedOver.length - shown} more` : ''
  return `not read: ${named.join('; ')}${more}`
}
