import { afterAll, beforeAll, expect, it } from 'vitest'
import { testApp, tinyModel, type TestApp } from '../testing'
import { upTo } from './model-terms'

let test: TestApp
let model: Awaited<ReturnType<typeof tinyModel>>
beforeAll(async () => {
  model = await tinyModel()
  test = testApp(model)
})
afterAll(() => test.services.dispose())

const described = async (app: TestApp, headers: Record<string, string> = {}) =>
  (await app.request('GET', '/openapi.json', undefined, headers)).json()

it('names each operation, and the key where there is one', async () => {
  const { paths, security } = await described(test)
  const names = Object.values(paths as Record<string, Record<string, { operationId?: string }>>).flatMap(
    (methods) => Object.values(methods).map(({ operationId }) => operationId),
  )
  expect(names).toHaveLength(25)
  expect(new Set(names).size).toBe(25)
  expect(names).not.toContain(undefined)
  expect(security).toBeUndefined()
  const closed = testApp(model, { apiKey: 'sesame' })
  const { security: asked, paths: open } = await described(closed, { authorization: 'Bearer sesame' })
  expect(asked).toEqual([{ bearer: [] }])
  expect(open['/health'].get.security).toEqual([])
})

it('says what the model has, and that what may be left out may be null or []', async () => {
  const { components, paths } = await described(test)
  const { properties, additionalProperties } = components.schemas.CompletionRequest
  const nothing = { type: ['array', 'null'], maxItems: 0 }
  expect(properties.prompt.anyOf[1].items).toMatchObject({ type: 'integer', maximum: 256 })
  expect(properties.n.anyOf).toEqual([{ type: 'integer', minimum: 1, maximum: 16 }, nothing])
  expect(additionalProperties).toEqual(nothing)
  expect(properties.metadata.anyOf[0].additionalProperties).toEqual(nothing)
  expect(paths['/v1/models/{id}'].get.parameters[0].schema.enum).toEqual(['tiny'])
  const { schema } = paths['/v1/memories'].post.requestBody.content['text/plain']
  expect(['a\nb', 'a\0b'].map((text) => new RegExp(schema.pattern).test(text))).toEqual([true, false])
})

it.each([0, 9, 10, 256, 261, 1000, 2099])('writes the numbers up to %d as an expression', (most) => {
  const expression = new RegExp(`^(${upTo(most)})$`)
  for (let number = 0; number < 2500; number++)
    expect(expression.test(String(number)), String(number)).toBe(number <= most)
  expect(expression.test('00')).toBe(false)
})

it('lists the methods of a path that stands for itself', async () => {
  const answer = await test.request('PUT', '/v1/memories/import')
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
})
