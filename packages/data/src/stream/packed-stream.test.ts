import { expect, test } from 'vitest'
import { DataError } from '../data-error'
import { byteTokenizer } from '../tokenizers/byte/byte-tokenizer'
import { take } from '../testing/take'
import type { Batch } from '@ttt-e2e/tensor-ops'
import { packedStream } from './packed-stream'

// A token says which document it is of, and where it stands there.
const document = (n: number, length: number) => ({
  id: String(n),
  tokens: Int32Array.from({ length }, (_, i) => 40 * n + i),
})
const lengths = [5, 1, 2, 40, 9, 3]
const documents = lengths.map((length, n) => document(n, length))
const options = { documents, tokenizer: byteTokenizer, batch: 2, length: 8, seed: 3 }
/** 59 tokens in documents of at least two: seven rows in an epoch. */
const rows = 7

/** The documents of each row, a row's tokens cut at its `documentStarts`. */
function cut({ tokens, documentStarts, batch, length }: Batch): number[][] {
  const pieces: number[][] = []
  for (let b = 0; b < batch; b++)
    for (let t = 0; t <= length; t++) {
      const at = b * (length + 1) + t
      if (documentStarts![at]) pieces.push([])
      pieces[pieces.length - 1].push(tokens[at])
    }
  return pieces
}

test('rows hold documents one after another, whose borders the mask and the starts tell', async () => {
  for (const batch of await take(packedStream(options), 50)) {
    expect(batch.documentStarts![0] + batch.documentStarts![9]).toBe(2)
    for (const piece of cut(batch)) {
      expect(new Set(piece.map((token) => Math.floor(token / 40))).size).toBe(1)
      piece.forEach((token, i) => expect(token).toBe(piece[0] + i))
    }
    for (let b = 0; b < 2; b++)
      for (let t = 0; t < 8; t++) expect(batch.mask[b * 8 + t]).toBe(1 - batch.documentStarts![b * 9 + t + 1])
  }
})

test('an epoch has every target once, but those of less than a row', async () => {
  const epochs = await take(packedStream({ ...options, batch: rows }), 3)
  for (const batch of epochs) {
    const targets = cut(batch).flatMap((piece) => piece.slice(1))
    expect(new Set(targets).size).toBe(targets.length)
    const all = lengths.reduce((sum, length) => sum + (length > 1 ? length - 1 : 0), 0)
    expect(targets.length).toBeGreaterThan(all - options.length)
    // A document of one token has nothing to predict.
    expect([...batch.tokens]).not.toContain(40)
  }
  expect(epochs[1].tokens).not.toEqual(epochs[0].tokens)
})

test('deterministic, resumable from a cursor that went through JSON, whatever the batch size', async () => {
  const batches = await take(packedStream(options), 12)
  const cursor = JSON.parse(JSON.stringify(batches[4].cursor))
  expect(await take(packedStream({ ...options, cursor }), 7)).toEqual(batches.slice(5))
  const single = await take(packedStream({ ...options, batch: 1 }), 24)
  expect(single.flatMap(({ tokens }) => [...tokens])).toEqual(batches.flatMap(({ tokens }) => [...tokens]))
  expect(await take(packedStream({ ...options, seed: 4 }), 12)).not.toEqual(batches)
})

test('targets that are BOS are masked out too', async () => {
  const marked = [{ id: 'marked', tokens: Int32Array.of(256, 1, 256, 2) }]
  const [batch] = await take(packedStream({ ...options, documents: marked, batch: 1, length: 3 }), 1)
  expect([...batch.mask]).toEqual([1, 0, 1])
})

test('refuses documents that do not fill a row, and a token outside the vocabulary', () => {
  expect(() => packedStream({ ...options, length: 59 })).toThrow(
    new DataError('the documents have 59 tokens together; a row of length 59 needs 60'),
  )
  expect(() => packedStream({ ...options, length: 1 })).toThrow('length is 1; it must be a whole number')
  expect(() => packedStream({ ...options, tokenizer: { vocabularySize: 170 } })).toThrow(
    "document '5': token 200 at position 0",
  )
})
