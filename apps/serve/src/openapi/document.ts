import type { OpenAPIHono } from '@hono/zod-openapi'
import { leftOut } from './left-out'
import { withModel, type ModelTerms } from './model-terms'
import type { Json } from './walk'

/** What decides what a server takes, besides its routes. */
export interface DocumentOptions {
  /** Whether requests bear a key. */
  hasKeys: boolean
  /** Of the model that is served, once it is loaded. */
  model: ModelTerms | undefined
}

const schemes = { bearer: { type: 'http', scheme: 'bearer' } }

/** The description of every route, field and answer: what clients are made from, and what the server is tried with. */
export function describeApi(app: OpenAPIHono, { hasKeys, model }: DocumentOptions): Json {
  const info = { title: 'TTT-E2E', version: '1' }
  const document = app.getOpenAPI31Document({ openapi: '3.1.0', info }) as unknown as Json
  const components = document.components as Json
  if (hasKeys) Object.assign(document, { security: [{ bearer: [] }] })
  if (hasKeys) components.securitySchemes = schemes
  for (const [path, methods] of Object.entries(document.paths as Record<string, Record<string, Json>>))
    for (const operation of Object.values(methods)) {
      if (hasKeys && path === '/health') operation.security = []
      describeStreams(operation)
      describeBody(operation, components.schemas as Record<string, Json>)
    }
  return model ? (withModel(document, model) as Json) : document
}

/** Of a stream each event is described, whose data is a message as JSON, or the word that ends it. */
function describeStreams({ responses }: Json): void {
  for (const { content } of Object.values(responses as Record<string, { content?: Record<string, Json> }>)) {
    const stream = content?.['text/event-stream']
    if (!stream) continue
    const message = { anyOf: [stream.schema, { $ref: '#/components/schemas/Error' }] }
    const data = { type: 'string', contentMediaType: 'application/json', contentSchema: message }
    stream.schema = {
      type: 'object',
      required: ['data'],
      properties: { event: { type: 'string' }, data: { anyOf: [{ const: '[DONE]' }, data] } },
    }
  }
}

function describeBody({ requestBody }: Json, schemas: Record<string, Json>): void {
  if (requestBody === undefined) return
  const { content } = requestBody as { content: Record<string, Json> }
  const json = content['application/json']
  // Of a body that may have other types, too, none can be told to be empty.
  if (Object.keys(content).some((type) => type !== 'application/json')) (requestBody as Json).required = true
  if (json) json.schema = leftOut(json.schema as Json, schemas)
}
