import { DataError } from '../data-error'
import { joined } from '../joined'
import { textOfJson } from './text-of-record'

/** A document of a file that holds many, with its number there, counted from 1. */
export interface NumberedText {
  number?: number
  text: string
}

/**
 * The texts of a JSONL file with their lines; blank lines are passed over.
 *
 * @param bytes the file, split before it is decoded because a string cannot hold more than 512 MB
 * @param file its name, for errors
 * @param textField the field of each line's object that holds the text
 * @throws DataError naming file and line and what is wrong with it
 */
export async function* readJsonLines(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  textField: string,
): AsyncGenerator<NumberedText, void, void> {
  let held: Uint8Array[] = []
  let line = 0
  const take = (): NumberedText[] => {
    line++
    const content = joined(held)
    held = []
    if (content.every(isBlank)) return []
    if (line === 1 && content.every((byte) => isBlank(byte) || brackets.has(byte)))
      throw new DataError(
        `line 1 of '${file}' only begins its JSON; each line must be an object: name the file .json if it is one as a whole`,
      )
    return [{ number: line, text: textOfJson(content, `line ${line} of '${file}'`, textField) }]
  }
  for await (const piece of bytes) {
    let start = 0
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, start)) {
      held.push(piece.subarray(start, end))
      start = end + 1
      yield* take()
    }
    // What stays behind is small; a view of it would keep its whole piece.
    held.push(piece.slice(start))
  }
  yield* take()
}

/** Those that JSON begins with which is written over several lines. */
const brackets = new Set([...'[{'].map((bracket) => bracket.charCodeAt(0)))
const isBlank = (byte: number) => byte === 32 || byte === 13 || byte === 9
