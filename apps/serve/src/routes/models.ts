import { createRoute, z } from '@hono/zod-openapi'
import { modelName } from '../openapi/model-terms'
import { chunkOf } from '../scheduler/read-tokens'
import type { Service } from '../service'
import type { AddRoutes } from './add-routes'
import { checkModel } from './check-model'
import { failures } from './schemas'

const modelSchema = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    created: z.int(),
    owned_by: z.string(),
    hash: z.string().openapi({ description: 'Of the weights: memories belong to them' }),
    system: z.string(),
    recipe: z.string(),
    tokenizer: z.string(),
    chunk: z
      .int()
      .openapi({ description: 'Tokens of an inner step; 0 for a model that does not learn while reading' }),
  })
  .openapi('Model')
export type ModelAnswer = z.infer<typeof modelSchema>

const listSchema = z.object({ object: z.literal('list'), data: z.array(modelSchema) }).openapi('ModelList')

export const addModels: AddRoutes = (app, { service }) => {
  const list = createRoute({
    method: 'get',
    path: '/v1/models',
    operationId: 'listModels',
    summary: 'The model that is served',
    responses: {
      200: { description: 'One', content: { 'application/json': { schema: listSchema } } },
      ...failures,
    },
  })
  app.openapi(list, (c) => c.json({ object: 'list' as const, data: [describe(service(c))] }, 200))

  const one = createRoute({
    method: 'get',
    path: '/v1/models/{id}',
    operationId: 'getModel',
    summary: 'What a model is',
    request: { params: z.object({ id: z.string().min(1).openapi({ format: modelName }) }) },
    responses: {
      200: { description: 'It', content: { 'application/json': { schema: modelSchema } } },
      ...failures,
    },
  })
  app.openapi(one, (c) => {
    checkModel(service(c), c.req.valid('param').id)
    return c.json(describe(service(c)), 200)
  })
  // Names of recipes have slashes, which not every client escapes.
  app.get('/v1/models/:id{.+}', (c) => {
    checkModel(service(c), c.req.param('id'))
    return c.json(describe(service(c)), 200)
  })
}

const describe = ({ id, scheduler: { model }, started }: Service) => ({
  id,
  object: 'model' as const,
  created: Math.floor(started.getTime() / 1000),
  owned_by: 'ttt-e2e',
  hash: model.hash,
  system: model.system.name,
  recipe: model.name,
  tokenizer: model.tokenizer.name,
  chunk: chunkOf(model),
})
