import { readFileSync, statSync } from 'node:fs'
import { basename, join, resolve, sep } from 'node:path'
import { filesBelow } from '@ttt-e2e/tensor-ops/files'
import { DataError } from '../data-error'
import type { Tokenizer } from '../tokenizers/tokenizer'
import type { Corpus, Document } from './document'
import { decodeUtf8 } from './decode-utf8'
import { readJsonLines } from './json-lines'

export interface TextCorpusOptions {
  /** The field of a `.jsonl` line that holds the text; `text` when absent. */
  textField?: string
}

/**
 * Reads a file or a folder of text. A text file is one document and a line of a `.jsonl` file is one; a folder
 * stands for all its files, recursively, in the order of their paths. In a folder, hidden and empty files and
 * files that are not UTF-8 text are passed over.
 *
 * Ids are the paths below the folder, for a line with its number: `notes/a.md`, `pages.jsonl:12`.
 *
 * @throws DataError for a path that does not exist, a file or folder without text, a file named directly that is
 * not UTF-8 text, or a line that is not JSON or has no text.
 */
export function readTextCorpus(path: string, tokenizer: Tokenizer, options: TextCorpusOptions = {}): Corpus {
  const { textField = 'text' } = options
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new DataError(`there is no file or folder '${path}'; give one that exists`)
  const files = found.isDirectory()
    ? filesBelow(path).map((below) => ({ file: join(path, below), id: below.split(sep).join('/') }))
    : [{ file: path, id: basename(path) }]
  const named = !found.isDirectory()
  const documents = files.flatMap(({ file, id }) => readFile(file, id, tokenizer, textField, named))
  if (documents.length === 0) {
    throw new DataError(
      named
        ? `file '${path}' is empty; it must hold text`
        : `folder '${path}' holds no text; it must hold a text file`,
    )
  }
  return { name: basename(resolve(path)), documents }
}

function readFile(
  file: string,
  id: string,
  tokenizer: Tokenizer,
  textField: string,
  named: boolean,
): Document[] {
  const bytes = readFileSync(file)
  if (file.endsWith('.jsonl')) {
    return readJsonLines(bytes, file, textField)
      .filter(({ text }) => text !== '')
      .map(({ line, text }) => ({ id: `${id}:${line}`, tokens: tokenizer.encode(text) }))
  }
  const text = decodeUtf8(bytes)
  if (text === undefined && named) {
    throw new DataError(`file '${file}' is not text; a document must be UTF-8 without NUL characters`)
  }
  return text ? [{ id, tokens: tokenizer.encode(text) }] : []
}
