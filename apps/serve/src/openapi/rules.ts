import type { z } from '@hono/zod-openapi'

/** A schema that others hold beside their own. */
type Rule = NonNullable<NonNullable<Extract<Parameters<z.ZodType['openapi']>[0], object>>['allOf']>[number]

/** JSON Schema as it is written, of which the framework knows a part. */
export const rule = (schema: object): Rule => schema as Rule

/** What stands for a field that is left out. */
export const nothing = { type: ['array', 'null'], maxItems: 0 }

interface Terms {
  required?: string[]
  properties?: Record<string, object>
}

const falseOrNothing = { anyOf: [{ const: false }, nothing] }

/** A rule between fields: where one is true, these hold of the others. */
export const whereTrue = (field: string, terms: Terms): Rule =>
  rule({ anyOf: [{ properties: { [field]: falseOrNothing } }, terms] })

const oneOrNothing = { anyOf: [{ const: 1 }, nothing] }

/** A memory that goes on in one way only. */
export const updateRule = whereTrue('update', {
  required: ['memory'],
  properties: { memory: { type: 'string' }, n: oneOrNothing, best_of: oneOrNothing },
})

/** Usage is told of in streams. */
export const usageRule = rule({
  anyOf: [
    { properties: { stream_options: { properties: { include_usage: falseOrNothing } } } },
    { required: ['stream'], properties: { stream: { const: true } } },
  ],
})

/**
 * The likeliest is known at the end only, so not in a stream. That best_of must be at least n no schema can say: it is
 * described for one.
 */
export const bestOfRule = rule({
  anyOf: [{ properties: { best_of: nothing } }, { properties: { n: oneOrNothing, stream: falseOrNothing } }],
})
