import { expect, it } from 'vitest'
import { EngineError, resolveEngine, SafetensorsError, UserError } from './index'

it('is what errors for people have in common, each class with a name and a code of its own', async () => {
  const errors = [
    new UserError('it is 3; it must be even'),
    await resolveEngine('abacus').catch((error: unknown) => error),
    new SafetensorsError(['no header', 'no end']),
  ]
  for (const error of errors) expect(error).toBeInstanceOf(UserError)
  expect(errors).toEqual([
    expect.objectContaining({
      name: 'UserError',
      code: 'invalid_request',
      message: 'it is 3; it must be even',
    }),
    expect.objectContaining({ name: 'EngineError', code: 'engine_unavailable' }),
    expect.objectContaining({ code: 'invalid_safetensors', message: 'no header; no end' }),
  ])
  expect(errors[1]).toBeInstanceOf(EngineError)
})
