import { byteTokenizer } from '@ttt-e2e/data'
import { expect, it } from 'vitest'
import { TextPieces } from './text-pieces'

function piecesOf(bytes: ArrayLike<number>, pieces = new TextPieces(byteTokenizer)): string[] {
  return Array.from(bytes, (token) => pieces.add(token))
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
  const first = new TextPieces(byteTokenizer)
  expect(piecesOf([0x61, 0xe9, 0xaf], first)).toEqual(['a', '', ''])
  expect(first.unfinished).toEqual([0xe9, 0xaf])
  expect(piecesOf([0xa8], new TextPieces(byteTokenizer, first.unfinished))).toEqual(['鯨'])
})

it('shows bytes that make no character as replacements, and loses nothing around them', () => {
  const bytes = [0xff, 0x61, 0xff, 0xff, 0xe9, 0x62, 0xc3, 0xa9]
  expect(piecesOf(bytes).join('')).toBe(byteTokenizer.decode(bytes))
  expect(piecesOf(byteTokenizer.encode('a\ufffdb')).join('')).toBe('a\ufffdb')
})

it('shows a token beyond the tokenizer as a replacement', () => {
  expect(piecesOf([0x61, 300, 0x62])).toEqual(['a', '\ufffd', 'b'])
})
