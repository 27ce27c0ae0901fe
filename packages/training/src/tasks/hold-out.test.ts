import type { Corpus } from '@ttt-e2e/data'
import { expect, it } from 'vitest'
import { holdOut } from './hold-out'

/** Documents of these lengths, all of different tokens. */
const corpusOf = (...lengths: number[]): Corpus => ({
  name: 'numbers',
  documents: lengths.map((length, n) => ({
    id: `${n}`,
    tokens: Int32Array.from({ length }, (_, i) => (n * 31 + i * 7) % 256),
  })),
})

it('holds out every tenth of the documents that are long enough', () => {
  const { train, heldOut, how } = holdOut(corpusOf(...Array.from({ length: 21 }, (_, n) => (n ? 20 : 5))), 10)
  expect(heldOut.documents.map(({ id }) => id)).toEqual(['10', '20'])
  expect(train.documents).toHaveLength(19)
  expect(how).toMatch(/^Every tenth/)
})

it('cuts pieces from the last fifth of each where there are too few', () => {
  const { train, heldOut } = holdOut(corpusOf(100, 40), 9)
  expect(train.documents.map(({ tokens }) => tokens.length)).toEqual([80, 32])
  expect(heldOut.documents.map(({ id }) => id)).toEqual([
    '0 from byte 0 of its part',
    '0 from byte 9 of its part',
  ])
  expect(heldOut.documents[1].tokens).toEqual(corpusOf(100).documents[0].tokens.subarray(89, 98))
})

it('says how much is missing where even that is too short', () => {
  expect(() => holdOut(corpusOf(40), 9)).toThrow(
    /^'numbers' has no document of which a fifth is 9 bytes; bring more text or set evaluation.length lower$/,
  )
})
