import { expect, test } from 'vitest'
import { DataError } from '../data-error'
import { checkTokens } from './check-tokens'

test('accepts exactly the ids of the vocabulary', () => {
  checkTokens(Int32Array.of(0, 63), 64)
  expect(() => checkTokens([0, -1], 64)).toThrow(DataError)
  expect(() => checkTokens([0.5], 64)).toThrow(DataError)
  expect(() => checkTokens([Number.NaN], 64)).toThrow(DataError)
})

test('names the token, its position and the document', () => {
  expect(() => checkTokens(Int32Array.of(1, 2, 64), 64, "document 'a'")).toThrow(
    "document 'a': token 64 at position 2 is outside the vocabulary; it must be from 0 to 63",
  )
})
