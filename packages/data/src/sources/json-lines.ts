import { DataError } from '../data-error'
import { decodeUtf8 } from './decode-utf8'

/**
 * The texts of a JSONL file; blank lines are passed over.
 *
 * @param bytes the file, split before it is decoded because a string cannot hold more than 512 MB.
 * @param file its name, for errors.
 * @param textField the field of each line's object that holds the text.
 * @returns each text with its line, counted from 1.
 * @throws DataError naming file and line, for a line that is not JSON or whose field is not a string.
 */
export function readJsonLines(bytes: Uint8Array, file: string, textField: string) {
  const texts: { line: number; text: string }[] = []
  for (let start = 0, line = 1; start < bytes.length; line++) {
    const newline = bytes.indexOf(10, start)
    const end = newline === -1 ? bytes.length : newline
    const content = decodeUtf8(bytes.subarray(start, end))
    start = end + 1
    if (content?.trim() === '') continue
    const at = `line ${line} of '${file}'`
    const object = content === undefined ? undefined : parse(content)
    if (object === undefined) throw new DataError(`${at} is not JSON; each line must be a JSON object`)
    const text: unknown = isRecord(object) && Object.hasOwn(object, textField) ? object[textField] : undefined
    if (typeof text !== 'string') {
      throw new DataError(`${at} has no text; each line must be an object whose '${textField}' is a string`)
    }
    texts.push({ line, text })
  }
  return texts
}

/** The parsed value, or undefined, which no JSON parses to. */
function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
