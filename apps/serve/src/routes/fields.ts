import { z } from '@hono/zod-openapi'
import { countCharacters } from '../http/characters'

/**
 * A field that may be left out. That `null` and `[]` mean the same is decided where bodies are received; here it is only
 * written down.
 */
export const optional = <Schema extends z.ZodType>(schema: Schema) => schema.nullish()

/** Numbers between two, with one sentence for whatever is none of them. */
export function numberFrom(least: number, most: number, { whole = true, above = false } = {}) {
  const range = above ? `above ${least} and at most ${most}` : `from ${least} to ${most}`
  const error = `must be a ${whole ? 'whole number' : 'number'} ${range}`
  const isAllowed = (value: number) =>
    (above ? value > least : value >= least) && value <= most && (!whole || Number.isInteger(value))
  const bounds = { ...(above ? { exclusiveMinimum: least } : { minimum: least }), maximum: most }
  return z
    .number(error)
    .refine(isAllowed, error)
    .openapi({ type: whole ? 'integer' : 'number', ...bounds })
}

/** A string of so many characters, counted as people do. */
export const stringOf = (least: number, most: number) =>
  z
    .string('must be a string')
    .refine((text) => {
      const count = countCharacters(text)
      return count >= least && count <= most
    }, `must be of ${least} to ${most} characters`)
    .openapi({ minLength: least, maxLength: most })

/** A field that may only say what is so anyway: the values that change nothing; any other is refused, not ignored. */
export const only = <Value extends boolean | number | string>(...values: [Value, ...Value[]]) =>
  optional(
    z
      .literal(values, `only ${values.map((value) => JSON.stringify(value)).join(' or ')} is supported here`)
      .openapi({ enum: [...values] }),
  )

/** The same for objects: only an empty one. */
export const onlyEmpty = () => {
  const error = 'only {} is supported here'
  return optional(
    z
      .record(z.string(), z.unknown(), error)
      .refine((value) => Object.keys(value).length === 0, error)
      .openapi({ additionalProperties: false }),
  )
}

/** A string that is taken, and that nothing depends on. */
export const anyString = () => optional(z.string('must be a string'))

export const flag = () => z.boolean('must be true or false')
