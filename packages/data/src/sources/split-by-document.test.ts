import { createRandom } from '@ttt-e2e/tensor-ops'
import { expect, test } from 'vitest'
import { DataError } from '../data-error'
import type { Document } from './document'
import { splitByDocument } from './split-by-document'

const random = createRandom(1)
const noise = (length: number) => Int32Array.from({ length }, () => random.integer(256))
const concatenate = (...parts: Int32Array[]) => Int32Array.from(parts.flatMap((part) => [...part]))
const corpusOf = (...texts: Int32Array[]) => ({
  name: 'corpus',
  documents: texts.map((tokens, index): Document => ({ id: `${index}`, tokens })),
})
const ids = (documents: Document[]) => documents.map(({ id }) => id).join(' ')

test('holds out every n-th document, the same ones each time', () => {
  const corpus = corpusOf(...Array.from({ length: 11 }, () => noise(300)))
  const split = splitByDocument(corpus, { heldOutEvery: 5 })
  expect(split.heldOut.name).toBe('corpus/held-out')
  expect(ids(split.heldOut.documents)).toBe('4 9')
  expect(ids(split.train.documents)).toBe('0 1 2 3 5 6 7 8 10')
  expect(split.dropped).toEqual([])
  expect(splitByDocument(corpus, { heldOutEvery: 5 })).toEqual(split)
})

test('short documents are left to training', () => {
  const corpus = corpusOf(...[9, 50, 9, 50, 9, 50, 50].map(noise))
  const split = splitByDocument(corpus, { heldOutEvery: 2, minimumHeldOutLength: 50 })
  expect(ids(split.heldOut.documents)).toBe('3 6')
  expect(ids(split.train.documents)).toBe('0 1 2 4 5')
})

test('copies of a document count once', () => {
  const [a, b, c] = [noise(20), noise(20), noise(20)]
  const split = splitByDocument(corpusOf(a, b, Int32Array.from(b), c, Int32Array.from(a)), {
    heldOutEvery: 2,
  })
  expect(ids(split.heldOut.documents)).toBe('1')
  expect(ids(split.train.documents)).toBe('0 3')
  expect(ids(split.dropped)).toBe('2 4')
})

test('a whole book beside its chapters does not carry the held-out ones into training', () => {
  const chapters = Array.from({ length: 9 }, () => noise(700))
  const split = splitByDocument(corpusOf(concatenate(...chapters), ...chapters), { heldOutEvery: 5 })
  expect(ids(split.heldOut.documents)).toBe('4 9')
  expect(ids(split.dropped)).toBe('0')
})

test('a shared passage counts from exactly passageLength tokens, wherever it stands', () => {
  for (const passageLength of [7, 8]) {
    for (let offset = 0; offset < 12; offset++) {
      const heldOut = noise(40)
      const quoting = (length: number) => {
        const quote = heldOut.subarray(offset, offset + length)
        // 300 does not occur in noise, so the run ends with the quote.
        return concatenate(noise(offset + 3), Int32Array.of(300), quote, Int32Array.of(300), noise(5))
      }
      const corpus = corpusOf(noise(40), heldOut, quoting(passageLength), quoting(passageLength - 1))
      const split = splitByDocument(corpus, { heldOutEvery: 2, passageLength, minimumHeldOutLength: 40 })
      expect(ids(split.heldOut.documents)).toBe('1')
      expect(ids(split.dropped)).toBe('2')
    }
  }
})

test('says so when nothing can be held out, or nothing is left', () => {
  const one = noise(300)
  expect(() => splitByDocument(corpusOf(one, noise(5)), { heldOutEvery: 10 })).toThrow(
    new DataError(
      "'corpus' has 2 different documents of at least 1 token; holding out every 10th needs at least 10",
    ),
  )
  expect(() => splitByDocument(corpusOf(concatenate(one, one), one), { heldOutEvery: 2 })).toThrow(
    new DataError(
      "every other document of 'corpus' repeats 256 tokens of a held-out one; " +
        'at least one must be different to train on',
    ),
  )
  expect(() => splitByDocument(corpusOf(one), { heldOutEvery: 1 })).toThrow(
    new DataError('heldOutEvery is 1; it must be a whole number from 2 up'),
  )
})
