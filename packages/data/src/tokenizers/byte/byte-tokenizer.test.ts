import { expect, test } from 'vitest'
import { DataError } from '../../data-error'
import { byteTokenizer } from './byte-tokenizer'

test('tokens are the UTF-8 bytes, without BOS', () => {
  expect([...byteTokenizer.encode('aé')]).toEqual([97, 0xc3, 0xa9])
  expect(byteTokenizer.encode('')).toHaveLength(0)
})

test('decode returns what was encoded, a leading U+FEFF included', () => {
  for (const text of ['', 'Call me Ishmael.\r\n', 'naïve — 鯨 🐋', '\ufeffmark', '\0']) {
    expect(byteTokenizer.decode(byteTokenizer.encode(text))).toBe(text)
  }
})

test('decode drops BOS wherever it stands and replaces broken UTF-8', () => {
  expect(byteTokenizer.decode([256, 97, 256, 98])).toBe('ab')
  expect(byteTokenizer.decode([97, 0xc3])).toBe('a\ufffd')
})

test('decode refuses a token outside the vocabulary', () => {
  expect(() => byteTokenizer.decode([97, 257])).toThrow(
    new DataError('token 257 at position 1 is outside the vocabulary; it must be from 0 to 256'),
  )
})
