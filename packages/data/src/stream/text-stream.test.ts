import { expect, test } from 'vitest'
import { DataError } from '../data-error'
import { byteTokenizer } from '../tokenizers/byte/byte-tokenizer'
import { take } from '../testing/take'
import { textStream } from './text-stream'

const count = (from: number, length: number) => Int32Array.from({ length }, (_, i) => from + i)
// Tokens that count up tell the document and the offset of a window by its first token.
const documents = [
  { id: 'a', tokens: count(0, 14) },
  { id: 'short', tokens: count(50, 4) },
  { id: 'b', tokens: count(100, 6) },
  { id: 'exact', tokens: count(200, 5) },
]
const options = { documents, tokenizer: byteTokenizer, batch: 5, length: 4, seed: 3 }

test('windows lie within one document, and every window is equally likely', async () => {
  const seen = new Map<number, number>()
  for (const { tokens } of await take(textStream(options), 1300)) {
    for (let row = 0; row < 5; row++) {
      const window = tokens.subarray(row * 5, row * 5 + 5)
      expect(window).toEqual(count(window[0], 5))
      seen.set(window[0], (seen.get(window[0]) ?? 0) + 1)
    }
  }
  expect([...seen.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 101, 200])
  // 6500 draws of 13 windows: 500 each, standard deviation 21.5.
  for (const times of seen.values()) expect(Math.abs(times - 500)).toBeLessThan(100)
})

test('deterministic, and resumable from a cursor that went through JSON', async () => {
  const batches = await take(textStream(options), 6)
  expect(await take(textStream(options), 6)).toEqual(batches)
  const cursor = JSON.parse(JSON.stringify(batches[2].cursor))
  expect(await take(textStream({ ...options, cursor }), 3)).toEqual(batches.slice(3))
  expect(await take(textStream({ ...options, seed: 4 }), 6)).not.toEqual(batches)
})

test('targets that are BOS are masked out', async () => {
  const marked = [{ id: 'marked', tokens: Int32Array.of(256, 1, 256, 2) }]
  const [batch] = await take(textStream({ ...options, documents: marked, batch: 1, length: 3 }), 1)
  expect([...batch.mask]).toEqual([1, 0, 1])
})

test('says which document is longest and what is needed when none is long enough', () => {
  expect(() => textStream({ ...options, length: 14 })).toThrow(
    new DataError(
      "the longest document, 'a', has 14 tokens; a window of length 14 needs a document of at least 15 tokens",
    ),
  )
  expect(() => textStream({ ...options, documents: [] })).toThrow(
    new DataError('no documents were given; a window of length 4 needs a document of at least 5 tokens'),
  )
})

test('refuses a token outside the vocabulary', () => {
  expect(() => textStream({ ...options, tokenizer: { vocabularySize: 204 } })).toThrow(
    new DataError(
      "document 'exact': token 204 at position 4 is outside the vocabulary; it must be from 0 to 203",
    ),
  )
})

test('honours return() and an abort signal', async () => {
  const stream = textStream(options)
  await stream.return()
  expect((await stream.next()).done).toBe(true)
  const aborted = textStream({ ...options, signal: AbortSignal.abort(new Error('stopped')) })
  await expect(aborted.next()).rejects.toThrow('stopped')
})
