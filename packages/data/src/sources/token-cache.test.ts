import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, expect, it } from 'vitest'
import { packedStream } from '../stream/packed-stream'
import { textStream } from '../stream/text-stream'
import { take } from '../testing/take'
import { byteTokenizer } from '../tokenizers/byte/byte-tokenizer'
import type { Tokenizer } from '../tokenizers/tokenizer'
import { loaded } from './document'
import { passagesOf } from './shared-passage'
import { splitByDocument } from './split-by-document'
import { readTextCorpus } from './text-corpus'
import { openTextCorpus } from './token-cache'

let folder: string
let cache: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'texts-'))
  cache = join(mkdtempSync(join(tmpdir(), 'cache-')), 'tokens')
  mkdirSync(join(folder, 'notes'))
  const line = (n: number) =>
    `${n} ships went out, ${n * 7} came back; nobody counts those of ${n * 31}. äöü\n`
  const lines = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => line(from + i)).join('')
  writeFileSync(join(folder, 'a.txt'), lines(0, 60))
  writeFileSync(join(folder, 'again.txt'), lines(0, 60))
  writeFileSync(join(folder, 'b.txt.gz'), gzipSync(lines(50, 90)))
  writeFileSync(
    join(folder, 'notes/bad.txt'),
    Buffer.concat([Buffer.from(lines(0, 9)), Buffer.of(0xff, 0xfe)]),
  )
  writeFileSync(join(folder, 'notes/empty.txt'), '')
  writeFileSync(
    join(folder, 'pages.jsonl'),
    [100, 140, 180].map((n) => JSON.stringify({ text: lines(n, n + 25) })).join('\n'),
  )
})

/** Pieces are so small that every document is several. */
const options = { pieceBytes: 100 }
const open = (tokenizer: Tokenizer = byteTokenizer, path = folder) =>
  openTextCorpus(path, tokenizer, { ...options, cache, inMemoryBytes: 0 })

/** Words of several widths, so that pieces of a document differ. */
const wide: Tokenizer = {
  ...byteTokenizer,
  name: 'wide',
  vocabularySize: 70_000,
  encode: (text) =>
    byteTokenizer.encode(text).map((byte, i) => (text.includes('31 ships') && i === 3 ? 69_999 : byte)),
}

it.each([byteTokenizer, wide])(
  'has the documents that are read into memory, token by token: $name',
  async (tokenizer) => {
    const inMemory = await readTextCorpus(folder, tokenizer, options)
    const stored = await open(tokenizer)
    expect({
      ...stored,
      documents: stored.documents.map(({ id, tokens }) => ({ id, tokens: loaded(tokens) })),
    }).toEqual(inMemory)
    const [{ tokens }] = stored.documents
    for (const [from, to] of [
      [0, 5],
      [90, 240],
      [-20, undefined],
      [30, 30],
    ])
      expect(loaded(tokens.subarray(from, to))).toEqual(inMemory.documents[0].tokens.subarray(from, to))
    expect(loaded(tokens.subarray(100, 300).subarray(50, 100))).toEqual(
      inMemory.documents[0].tokens.subarray(150, 200),
    )
  },
)

it('gives the same split, passages and batches', async () => {
  const inMemory = await readTextCorpus(folder, byteTokenizer, options)
  const stored = await open()
  const [a, b] = [inMemory, stored].map((corpus) => splitByDocument(corpus, { heldOutEvery: 2 }))
  const ids = ({ train, heldOut, dropped }: typeof a) =>
    [train.documents, heldOut.documents, dropped].map((each) => each.map(({ id }) => id))
  expect(ids(b)).toEqual(ids(a))
  const found = [inMemory, stored].map(({ documents }) =>
    [...passagesOf(documents.slice(0, 1), 64)([documents[2]])].map(({ at }) => at),
  )
  expect(found[0].length).toBeGreaterThan(3)
  expect(found[1]).toEqual(found[0])
  const stream = { tokenizer: byteTokenizer, batch: 2, length: 40, seed: 3 }
  for (const streamOf of [textStream, packedStream])
    expect(await take(streamOf({ ...stream, documents: stored.documents }), 20)).toEqual(
      await take(streamOf({ ...stream, documents: inMemory.documents }), 20),
    )
})

it('is made once for the same content and tokenizer, wherever that lies, and told of on the way', async () => {
  const told: [string, number][] = []
  const onProgress = (what: string, share: number) => told.push([what, share])
  const first = await openTextCorpus(folder, byteTokenizer, { cache, inMemoryBytes: 0, onProgress })
  expect(told.some(([what]) => what === 'tokenised')).toBe(true)
  expect(told.every(([, share]) => share >= 0 && share <= 1)).toBe(true)
  renameSync(folder, `${folder}-moved`)
  told.length = 0
  const moved = await openTextCorpus(`${folder}-moved`, byteTokenizer, {
    cache,
    inMemoryBytes: 0,
    onProgress,
  })
  expect(new Set(told.map(([what]) => what))).toEqual(new Set(['hashed']))
  expect(moved.documents.map(({ id }) => id)).toEqual(first.documents.map(({ id }) => id))
  writeFileSync(join(`${folder}-moved`, 'a.txt'), 'another text')
  await openTextCorpus(`${folder}-moved`, byteTokenizer, { cache, inMemoryBytes: 0 })
  await openTextCorpus(`${folder}-moved`, wide, { cache, inMemoryBytes: 0 })
  expect(readdirSync(cache)).toHaveLength(3)
})

/** `TEXT_BYTES=2300000000` for one that no string and no number of 31 bits holds. */
const textBytes = Number(process.env.TEXT_BYTES ?? 3_000_000)

it('reads a text of any size in pieces, and windows of it where they lie', async () => {
  const line = 'A line of sixty-four bytes, of which there are as many as it is.\n'
  const many = Buffer.from(line.repeat(1 << 13))
  const path = join(folder, 'large.txt')
  const file = openSync(path, 'w')
  const times = Math.ceil(textBytes / many.length)
  for (let i = 0; i < times; i++) writeSync(file, many)
  writeSync(file, 'the end')
  closeSync(file)
  const { documents } = await openTextCorpus(path, byteTokenizer, {
    cache,
    inMemoryBytes: 0,
    pieceBytes: 1 << 20,
  })
  const [{ tokens }] = documents
  expect(tokens.length).toBe(times * many.length + 7)
  const texts = [tokens.subarray(-27), tokens.subarray(line.length * 4001, line.length * 4002)].map((part) =>
    byteTokenizer.decode(loaded(part)),
  )
  expect(texts).toEqual([`${line.slice(-20)}the end`, line])
  rmSync(path)
  rmSync(cache, { recursive: true })
}, 600_000)

it('keeps small texts in memory, and nothing on the disk', async () => {
  await openTextCorpus(folder, byteTokenizer, { cache })
  expect(() => readdirSync(cache)).toThrow('ENOENT')
})

it('refuses what readTextCorpus refuses, and a cache that is cut off', async () => {
  await expect(open(byteTokenizer, join(folder, 'notes/bad.txt'))).rejects.toThrow('UTF-8')
  const { documents } = await open()
  const [key] = readdirSync(cache)
  truncateSync(join(cache, key, 'tokens.bin'), 10)
  expect(() => loaded(documents.at(-1)!.tokens)).toThrow(/is cut off; remove its folder, it is made again$/)
  rmSync(join(cache, key), { recursive: true })
  await open()
})
