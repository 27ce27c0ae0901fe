import { nothing } from './rules'
import { isJson, mapped, type Json } from './walk'

/**
 * The schema of a body in which `null` and `[]` may stand for any field that may be left out, at any depth.
 *
 * @param schemas that it may refer to; those that it does are changed alike
 */
export function leftOut(schema: Json, schemas: Record<string, Json>): Json {
  return mapped(schema, (part) => {
    const name = typeof part.$ref === 'string' ? part.$ref.split('/').at(-1)! : undefined
    if (name !== undefined && !done.has(schemas[name])) {
      schemas[name] = leftOut(schemas[name], schemas)
      done.add(schemas[name])
    }
    if (![part.type].flat().includes('object')) return part
    const required = (part.required ?? []) as string[]
    const own = Object.entries((part.properties ?? {}) as Record<string, Json>)
    const { additionalProperties: others } = part
    return {
      ...part,
      ...(part.properties !== undefined && {
        properties: Object.fromEntries(
          own.map(([field, each]) => [field, required.includes(field) ? each : orNothing(each)]),
        ),
      }),
      // Others, too, may be left out so: also where none are allowed.
      ...(others === false && { additionalProperties: nothing }),
      ...(isJson(others) && Object.keys(others).length > 0 && { additionalProperties: orNothing(others) }),
    }
  }) as Json
}

/** Schemas that several bodies refer to are changed once. */
const done = new WeakSet<Json>()

function orNothing({ description, default: usual, ...own }: Json): Json {
  return {
    ...(description !== undefined && { description }),
    ...(usual !== undefined && { default: usual }),
    anyOf: [own, nothing],
  }
}
