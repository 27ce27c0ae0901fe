import { expect, test } from 'vitest'
import { DataError } from '../data-error'
import { bigramOracle } from '../oracles/bigram-oracle'
import { take } from '../testing/take'
import { bigramStream } from './bigram-stream'

const options = { vocabularySize: 64, successors: 2, batch: 3, length: 40, seed: 7 }

test('the same seed gives the same batches, another seed others', async () => {
  const batches = await take(bigramStream(options), 3)
  expect(await take(bigramStream(options), 3)).toEqual(batches)
  expect((await take(bigramStream({ ...options, seed: 8 }), 1))[0].tokens).not.toEqual(batches[0].tokens)
})

test('shapes, and a mask in which every target counts', async () => {
  const [batch] = await take(bigramStream(options), 1)
  expect(batch).toMatchObject({ batch: 3, length: 40, cursor: { nextSample: 3 } })
  expect(batch.tokens).toHaveLength(3 * 41)
  expect(batch.mask).toEqual(new Uint8Array(3 * 40).fill(1))
})

test('a cursor that went through JSON continues with exactly the following batches', async () => {
  const batches = await take(bigramStream(options), 5)
  const cursor = JSON.parse(JSON.stringify(batches[1].cursor))
  expect(await take(bigramStream({ ...options, cursor }), 3)).toEqual(batches.slice(2))
})

test('sample n does not depend on the batch size', async () => {
  const rows = await take(bigramStream({ ...options, batch: 1 }), 3)
  const [batch] = await take(bigramStream(options), 1)
  expect(rows.flatMap(({ tokens }) => [...tokens])).toEqual([...batch.tokens])
})

test('every row is a document in a language of its own', async () => {
  const [{ tokens }] = await take(bigramStream({ ...options, batch: 2, length: 2000 }), 1)
  for (const row of [tokens.subarray(0, 2001), tokens.subarray(2001)]) bigramOracle(row, options)
  expect(() => bigramOracle(tokens, options)).toThrow(DataError)
})

test('return() ends the stream', async () => {
  const stream = bigramStream(options)
  await stream.next()
  expect(await stream.return()).toEqual({ done: true, value: undefined })
  expect((await stream.next()).done).toBe(true)
})

test('an aborted signal makes the next batch throw its reason', async () => {
  const controller = new AbortController()
  const stream = bigramStream({ ...options, signal: controller.signal })
  await stream.next()
  controller.abort(new Error('stopped'))
  await expect(stream.next()).rejects.toThrow('stopped')
})

test('bad options are refused at the call', () => {
  const refusal = (change: object) => () => bigramStream({ ...options, ...change })
  expect(refusal({ successors: 65 })).toThrow(
    new DataError('successors is 65; it must be a whole number from 1 to 64'),
  )
  expect(refusal({ batch: 0 })).toThrow(new DataError('batch is 0; it must be a whole number from 1 up'))
  expect(refusal({ length: 1.5 })).toThrow(DataError)
  expect(refusal({ cursor: { nextSample: -1 } })).toThrow(DataError)
})
