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
    if (part.type !== 'object' || !isJson(part.properties)) return part
    const required = (part.required ?? []) as string[]
    const fields = Object.entries(part.properties).map(([field, own]) => [
      field,
      required.includes(field) ? own : orNothing(own as Json),
    ])
    return { ...part, properties: Object.fromEntries(fields) }
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
