import { expect, it } from 'vitest'
import { byteTokenizer } from './byte/byte-tokenizer'
import type { DecodeStream } from './decode-stream'

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
