import { statSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import { filesBelow } from '@ttt-e2e/tensor-ops/files'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { DataError } from '../data-error'
import { NotText, refuseJson } from './bytes-of-text'
import type { PassedOver } from './document'
import { bytesOfFile } from './file-bytes'
import { runFoldersAmong } from './run-folders'
import { formatOf } from './source-formats'
import { textPieces } from './text-pieces'

export interface ReadTextsOptions {
  /** The field or column that holds the text in files of many documents; `text` when absent. */
  textField?: string
  /** Bytes of a text that are given out at a time; 16 MiB when absent. A longer one is cut where lines end. */
  pieceBytes?: number
}

/** What comes while texts are read: pieces, then of which document they are, or that they are none after all. */
export type TextEvent =
  { kind: 'piece'; text: string } | { kind: 'document'; id: string } | ({ kind: 'passed-over' } & PassedOver)

/** The files that a path stands for. */
export interface TextFiles {
  /** Whether the path is a file. */
  named: boolean
  files: readonly { id: string; path: string }[]
  passedOver: readonly PassedOver[]
}

/** @throws DataError for a path that does not exist or is the folder of a run; file system errors */
export function textFilesAt(path: string): TextFiles {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new DataError(`there is no file or folder '${path}'; give one that exists`)
  if (!found.isDirectory()) return { named: true, files: [{ id: basename(path), path }], passedOver: [] }
  const asId = (below: string) => below.split(sep).join('/')
  const leftOut: PassedOver[] = []
  const all = filesBelow(path, (below, reason) => leftOut.push({ id: asId(below), reason })).map(asId)
  const runs = runFoldersAmong(all)
  if (runs.includes(''))
    throw new DataError(`'${path}' is the folder of a run or a model, not of text; give a folder of texts`)
  const isOfRun = (id: string) => runs.some((run) => id.startsWith(`${run}/`))
  return {
    named: false,
    files: all.filter((id) => !isOfRun(id)).map((id) => ({ id, path: join(path, id) })),
    passedOver: [
      ...runs.map((run) => ({ id: `${run}/`, reason: 'is the folder of a run or a model' })),
      ...leftOut.filter(({ id }) => !isOfRun(id)),
    ],
  }
}

/** The documents of files, each in pieces. @throws DataError for anything that can't be read, but texts of a folder */
export async function* readTexts(
  { named, files, passedOver }: TextFiles,
  options: ReadTextsOptions,
): AsyncGenerator<TextEvent, void, void> {
  for (const each of passedOver) yield { kind: 'passed-over', ...each }
  for (const { id, path } of files) {
    let documents = 0
    for await (const event of readFile(path, id, options, named)) {
      if (event.kind === 'document') documents++
      if (named && event.kind === 'passed-over' && documents === 0)
        throw new DataError(`file '${path}' ${event.reason}; it must hold text`)
      yield event
    }
  }
}

async function* readFile(
  file: string,
  id: string,
  { textField = 'text', pieceBytes }: ReadTextsOptions,
  named: boolean,
): AsyncGenerator<TextEvent, void, void> {
  const passedOver = (reason: string): TextEvent => ({ kind: 'passed-over', id, reason })
  const format = formatOf(file)
  let [texts, empty] = [0, 0]
  if (format === undefined) {
    try {
      for await (const text of textPieces(bytesOfFile(file), pieceBytes)) {
        if (texts === 0) refuseJson(text)
        if (text !== '') texts++
        yield { kind: 'piece', text }
      }
    } catch (error) {
      if (!(error instanceof NotText)) throw error
      if (named) throw new DataError(`file '${file}' ${error.reason}`)
      yield passedOver(error.reason)
      return
    }
    yield texts === 0 ? passedOver('is empty') : { kind: 'document', id }
    return
  }
  for await (const { number, text } of format(file, textField)) {
    texts++
    if (text === '') empty++
    else {
      yield { kind: 'piece', text }
      yield { kind: 'document', id: number === undefined ? id : `${id}:${number}` }
    }
  }
  if (texts === 0) yield passedOver('is empty')
  else if (empty > 0) yield passedOver(`has ${empty} of ${counted(texts, 'document')} without a character`)
}
