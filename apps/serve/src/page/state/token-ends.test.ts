import { expect, it } from 'vitest'
import { tokenEnds } from './token-ends'

/** As a tokenizer of bytes gives them. */
const bytesOf = (text: string) =>
  Array.from(new TextEncoder().encode(text), (byte) => new TextDecoder().decode(Uint8Array.of(byte)))

it('ends at each character, at the last byte of long ones', () => {
  expect(tokenEnds('aé—b', bytesOf('aé—b'))).toEqual([1, 1, 2, 2, 2, 3, 4])
  expect(tokenEnds('鯨🐋x', bytesOf('鯨🐋x')).at(-2)).toBe(3)
})

it('ends at words, and finds them again after parts of unknown length', () => {
  expect(tokenEnds('The sea', ['The', ' sea'])).toEqual([3, 7])
  // Two parts of a character of three bytes, and one of four in one part.
  expect(tokenEnds('a— b🐋c', ['a', '\ufffd', '\ufffd', ' b', '\ufffd', 'c'])).toEqual([1, 1, 1, 4, 4, 7])
})

it('passes over tokens that are not in the text', () => {
  expect(tokenEnds('ab', ['<s>', 'a', 'b'])).toEqual([0, 1, 2])
})
