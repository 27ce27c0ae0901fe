import { expect, it } from 'vitest'
import { byteTokenizer } from './byte/byte-tokenizer'
import { DecodeStream, longestUnfinished } from './decode-stream'

function piecesOf(bytes: ArrayLike<number>, pieces: DecodeStream = byteTokenizer.stream()): string[] {
  return Array.from(bytes, (token) => pieces.push(token))
}

it('gives out a character with its last byte', () => {
  expect(piecesOf(byteTokenizer.encode('aé鯨🐋!'))).toEqual([
    'a',
    '',
    'é',
    '',
    '',
    '鯨',
    '',
    '',
    '',
    '🐋',
    '!',
  ])
})

it('goes on with the beginning of a character', () => {
  const first = byteTokenizer.stream()
  expect(piecesOf([0x61, 0xe9, 0xaf], first)).toEqual(['a', '', ''])
  expect(first.unfinished).toEqual([0xe9, 0xaf])
  expect(piecesOf([0xa8], byteTokenizer.stream(first.unfinished))).toEqual(['鯨'])
})

it('shows bytes that make no character as replacements, and loses nothing around them', () => {
  const bytes = [0xff, 0x61, 0xff, 0xff, 0xe9, 0x62, 0xc3, 0xa9]
  expect(piecesOf(bytes).join('')).toBe(byteTokenizer.decode(bytes))
  expect(piecesOf(byteTokenizer.encode('a\ufffdb')).join('')).toBe('a\ufffdb')
})

it('shows a token beyond the tokenizer as a replacement', () => {
  expect(piecesOf([0x61, 300, 0x62])).toEqual(['a', '\ufffd', 'b'])
})

it('ends with what was held back, as a replacement, and never inside a character', () => {
  for (const bytes of [[0x61, 0xe9, 0xaf], [0xf0, 0x9f, 0x90], [0xc3], [0x61], []]) {
    const stream = byteTokenizer.stream()
    const pieces = bytes.map((token) => stream.push(token))
    expect(pieces.every((piece) => !piece.includes('\ufffd'))).toBe(true)
    expect(pieces.join('') + stream.end()).toBe(byteTokenizer.decode(bytes))
    expect(stream.unfinished).toEqual([])
    expect(stream.end()).toBe('')
  }
})

/** Tokens of which each has the end of a whale and the beginning of the next one; the first and the last have the rest. */
function whales(count: number) {
  const bytes = [...new TextEncoder().encode('🐋'.repeat(count))]
  const pieces = [
    bytes.slice(0, 2),
    ...Array.from({ length: count }, (_, i) => bytes.slice(4 * i + 2, 4 * i + 6)),
  ]
  const decode = (tokens: ArrayLike<number>) =>
    new TextDecoder().decode(Uint8Array.from(Array.from(tokens, (token) => pieces[token]).flat()))
  return { vocabularySize: pieces.length, decode, tokens: pieces.map((_, i) => i) }
}

it('holds back a row of characters of which none ends where a token does', () => {
  for (const count of [1, 2, 3, 4, 9, longestUnfinished]) {
    const { tokens, ...tokenizer } = whales(count)
    const stream = new DecodeStream(tokenizer)
    const pieces = tokens.map((token) => stream.push(token))
    expect(pieces).toEqual([...Array<string>(count).fill(''), '🐋'.repeat(count)])
    expect(stream.unfinished).toEqual([])
  }
})

it('does not hold back more than a row can be long', () => {
  const { tokens, ...tokenizer } = whales(3 * longestUnfinished)
  const stream = new DecodeStream(tokenizer)
  for (const token of tokens) {
    stream.push(token)
    expect(stream.unfinished.length).toBeLessThanOrEqual(longestUnfinished)
  }
})
