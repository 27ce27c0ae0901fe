import { ApiError } from './api-error'
import { checkCharacters } from './characters'

/**
 * A body's JSON without what its client left out: for every field alike, `null` and `[]` mean that.
 *
 * @throws ApiError 400 if the bytes are not UTF-8, not JSON, or if a field has half a character or a number without end
 */
export function parseJson(bytes: Uint8Array): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ApiError(400, 'invalid_utf8', 'the body is not valid UTF-8')
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // ASCII in UTF-16 is valid UTF-8, with a NUL in every other place.
    if (text.includes('\0')) throw new ApiError(400, 'invalid_utf8', 'the body looks like UTF-16; send UTF-8')
    throw new ApiError(400, 'invalid_json', 'the body is not valid JSON')
  }
  return JSON.stringify(given(json, []))
}

/** No request here has fields within fields within fields. */
const deepest = 32

function given(value: unknown, path: string[]): unknown {
  if (path.length > deepest)
    throw new ApiError(400, 'invalid_json', `the body is nested deeper than ${deepest} levels`)
  if (typeof value === 'string') checkCharacters(value, path.join('.') || null)
  if (typeof value === 'number' && !Number.isFinite(value)) {
    const param = path.join('.') || null
    throw new ApiError(400, 'invalid_value', `${param ?? 'the body'}: is too large a number`, param)
  }
  if (Array.isArray(value)) return value.map((each, i) => given(each, [...path, String(i)]))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null && !(Array.isArray(each) && each.length === 0))
      .map(([name, each]) => {
        checkCharacters(name, [...path, name].join('.'))
        return [name, given(each, [...path, name])]
      }),
  )
}
