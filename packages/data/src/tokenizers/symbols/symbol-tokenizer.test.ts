import { expect, it } from 'vitest'
import { symbolTokenizer } from './symbol-tokenizer'

it.each([1, 16, 62, 63, 1000])('writes each of %i symbols as a character of its own', (vocabularySize) => {
  const tokenizer = symbolTokenizer(vocabularySize)
  const ids = Int32Array.from({ length: vocabularySize }, (_, id) => id)
  const text = tokenizer.decode(ids)
  expect(new Set(text).size).toBe(vocabularySize)
  expect(tokenizer.encode(text)).toEqual(ids)
})

it('names a character that is no symbol', () => {
  expect(() => symbolTokenizer(16).encode('abq')).toThrow(
    "'q' is no symbol of this language; its symbols are a to p",
  )
})
