/** A part of a JSON document. */
export type Json = Record<string, unknown>

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The same with each object, from the inside out, put through `change`. */
export function mapped(value: unknown, change: (part: Json) => Json): unknown {
  if (Array.isArray(value)) return value.map((each) => mapped(each, change))
  if (!isJson(value)) return value
  return change(Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapped(each, change)])))
}
