import { expect, it } from 'vitest'
import { take } from '../testing/take'
import { indexShuffle } from './index-shuffle'
import { tokenArrayStream } from './token-array-stream'

/** Whose value at a place is the place. */
const arrayOf = (length: number) => ({
  name: 'places',
  length,
  read: async (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i),
})
const options = {
  tokens: arrayOf(83),
  tokenizer: { vocabularySize: 1000, bosToken: 12 },
  batch: 3,
  length: 10,
  seed: 5,
}
const firsts = (batches: { tokens: Int32Array }[]) =>
  batches.map(({ tokens }) => [tokens[0], tokens[11], tokens[22]].map((token) => token / 10))

it('gives each epoch whole samples in an order of its own, without what fills no batch', async () => {
  const batches = await take(tokenArrayStream(options), 5)
  const epoch = (seed: number) => [0, 1, 2, 3, 4, 5].map((i) => indexShuffle(i, 8, seed))
  expect(firsts(batches).flat()).toEqual([...epoch(5), ...epoch(6), ...epoch(7).slice(0, 3)])
  expect(batches.map(({ cursor }) => cursor.nextSample)).toEqual([3, 6, 9, 12, 15])
  // The last epoch of 32 bits is followed by the first.
  const [, , wrapped] = await take(tokenArrayStream({ ...options, seed: 0xffff_ffff }), 3)
  expect(firsts([wrapped])[0]).toEqual(epoch(0).slice(0, 3))
})

it('keeps the order of the array where it is asked for, and masks BOS as a target', async () => {
  const batches = await take(tokenArrayStream({ ...options, order: 'none' }), 3)
  expect(firsts(batches)).toEqual([
    [0, 1, 2],
    [3, 4, 5],
    [0, 1, 2],
  ])
  expect([...batches[0].mask.subarray(10, 14)]).toEqual([1, 0, 1, 1])
})

it('goes on from a cursor that went through JSON', async () => {
  const batches = await take(tokenArrayStream(options), 6)
  const cursor = JSON.parse(JSON.stringify(batches[2].cursor))
  expect(await take(tokenArrayStream({ ...options, cursor }), 3)).toEqual(batches.slice(3))
})

it('refuses what fills no batch, and a token outside the vocabulary, with its place', async () => {
  expect(() => tokenArrayStream({ ...options, tokens: arrayOf(21) })).toThrow(
    'places has 21 tokens, 2 samples of length 10; a batch takes 3',
  )
  const few = { vocabularySize: 45 }
  await expect(take(tokenArrayStream({ ...options, tokenizer: few, order: 'none' }), 2)).rejects.toThrow(
    'places from its token 40 on: token 45 at position 5 is outside the vocabulary; it must be from 0 to 44',
  )
})
