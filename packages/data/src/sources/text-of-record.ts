import { duplicateKey } from '@ttt-e2e/tensor-ops'
import { DataError } from '../data-error'
import { halfCharacterIn } from '../half-character'
import { NotText, textOfBytes } from './bytes-of-text'

/** A string of JavaScript can't be longer. */
const longestString = 0x1fffffe8

/**
 * The text of a JSON object.
 *
 * @param where what holds it, for errors: `line 3 of 'notes.jsonl'`
 * @param textField the field that the text is in
 * @throws DataError that says what is wrong with it: not UTF-8, not JSON, cut off, no object, no such field, no string
 */
export function textOfJson(bytes: Uint8Array, where: string, textField: string): string {
  const json = decoded(bytes, where)
  const record = parse(json, where)
  const key = JSON.stringify(textField)
  // Looked at more closely only where there may be two.
  const twice = json.indexOf(key) === json.lastIndexOf(key) ? undefined : duplicateKey(json)
  if (twice !== undefined)
    throw new DataError(`${where} has '${twice}' twice in an object; only one of them would be read`)
  return textOfRecord(record, where, textField)
}

/** The same of an object that was read already, a row of a table. */
export function textOfRecord(record: unknown, where: string, textField: string): string {
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw new DataError(
      `${where} is ${kindOf(record)}; it must be an object whose '${textField}' is a string`,
    )
  if (!Object.hasOwn(record, textField)) {
    const keys = Object.keys(record).slice(0, 20)
    const has = keys.length === 0 ? 'it is empty' : `it has ${keys.map((key) => `'${key}'`).join(', ')}`
    throw new DataError(`${where} has no '${textField}': ${has}; --text-field says which holds the text`)
  }
  const text = (record as Record<string, unknown>)[textField]
  if (typeof text !== 'string')
    throw new DataError(
      `${where} has ${kindOf(text)} as its '${textField}', which must be a string; --text-field names another`,
    )
  const half = halfCharacterIn(text)
  if (half)
    throw new DataError(
      `${where} has half a character (the lone surrogate ${half.code}) at ${half.at} of its '${textField}'; ` +
        'write characters whole',
    )
  return text
}

function decoded(bytes: Uint8Array, where: string): string {
  if (bytes.length > longestString)
    throw new DataError(`${where} is longer than ${longestString} bytes; divide it into several`)
  try {
    return textOfBytes(bytes)
  } catch (error) {
    if (error instanceof NotText) throw new DataError(`${where} ${error.reason}`)
    throw error
  }
}

function parse(json: string, where: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    const { message } = error as Error
    const position = /at position (\d+)/.exec(message)
    const ended =
      /end of JSON|Unterminated/.test(message) || (position && Number(position[1]) >= json.trimEnd().length)
    throw new DataError(
      ended
        ? `${where} is cut off: it ends within its JSON; write or copy it again`
        : `${where} is not JSON; it must be a JSON object`,
    )
  }
}

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
