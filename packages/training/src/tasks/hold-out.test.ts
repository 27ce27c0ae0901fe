import { byteTokenizer, type Corpus } from '@ttt-e2e/data'
import { createRandom } from '@ttt-e2e/tensor-ops'
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

it('never measures on what is trained on: a book and a file that quotes it', () => {
  const own = (seed: number, length: number) => {
    const random = createRandom(seed)
    return Int32Array.from({ length }, () => random.integer(256))
  }
  const book = own(1, 10_000)
  const quotes = Int32Array.from([...own(2, 300), ...book.subarray(8300, 8700), ...own(3, 300)])
  const documents = [
    { id: 'book', tokens: book },
    { id: 'quotes', tokens: quotes },
  ]
  const { train, heldOut, how } = holdOut({ name: 'both', documents }, 101)
  expect(how).toMatch(/; not measured on, as they share passages with what is trained on: 'book from byte /)
  expect(heldOut.documents.length).toBeGreaterThan(4)
  // No held-out piece stands in training, as a search for each says.
  const trained = train.documents.map(({ tokens }) => Buffer.from(tokens))
  for (const { tokens } of heldOut.documents)
    expect(trained.some((each) => each.includes(Buffer.from(tokens)))).toBe(false)
  expect(() =>
    holdOut({ name: 'same', documents: [{ id: 'a', tokens: new Int32Array(5000) }] }, 101),
  ).toThrow(/^'same' repeats itself: each of the 9 pieces of 101 bytes/)
})

it('drops documents that share a passage with a held-out one, and names them', () => {
  const random = (seed: number) =>
    Array.from({ length: 400 }, (_, i) => Math.imul((i + 7) * (2 * seed + 1), 2_654_435_761) >>> 24)
  const shared = Array.from({ length: 1000 }, (_, i) => (i * i) % 251)
  const documents = Array.from({ length: 20 }, (_, n) => ({
    id: `lines.jsonl:${n + 1}`,
    tokens: Int32Array.from([9, 11].includes(n) ? [...random(n), ...shared] : random(n)),
  }))
  const { train, how } = holdOut({ name: 'lines', documents }, 50)
  expect(train.documents.map(({ id }) => id)).not.toContain('lines.jsonl:12')
  expect(how).toMatch(/; left out, as they repeat one another or what is held out: 'lines.jsonl:12'\.$/)
})

it('knows a text whose lines end or are broken in another way', () => {
  const random = createRandom(5)
  const lines = () =>
    Array.from({ length: 40 }, () =>
      Array.from({ length: 9 }, () => random.integer(1e6).toString(36)).join(' '),
    )
  const texts = Array.from({ length: 10 }, lines)
  const heldOut = texts[9]
  const files: Record<string, string> = {
    ...Object.fromEntries(texts.map((text, n) => [`${n}`, text.join('\n')])),
    'with CRLF': heldOut.join('\r\n'),
    'on one line': heldOut.join(' '),
    indented: heldOut.slice(7, 20).join('\n    '),
    'in an e-mail': heldOut.join('\n> '),
    'of other words': lines().join('\r\n'),
  }
  const documents = Object.entries(files).map(([id, text]) => ({ id, tokens: byteTokenizer.encode(text) }))
  const { train, how } = holdOut({ name: 'copies', documents }, 300, { tokenizer: byteTokenizer })
  expect(how).toContain("what is held out: 'with CRLF', 'on one line', 'indented'.")
  expect(train.documents.map(({ id }) => id)).toEqual([...'012345678', 'in an e-mail', 'of other words'])
})

it('counts as a passage what is as long as the text that is measured, where that is short', () => {
  const random = createRandom(6)
  const noise = (length: number) => Int32Array.from({ length }, () => random.integer(256))
  const documents = Array.from({ length: 10 }, (_, n) => ({ id: `${n}`, tokens: noise(90) }))
  const held = documents[9].tokens
  documents.push({ id: 'with one more', tokens: Int32Array.from([...held, 300]) })
  documents.push({ id: 'a part', tokens: Int32Array.from([300, ...held.subarray(0, 79), 300]) })
  const { train, how } = holdOut({ name: 'short', documents }, 80)
  expect(how).toMatch(/'with one more'\.$/)
  expect(train.documents).toHaveLength(10)
})

it('says how much is missing where even that is too short', () => {
  expect(() => holdOut(corpusOf(40), 9)).toThrow(
    /^'numbers' has no document of which a fifth is 9 bytes; bring more text or set evaluation.length lower$/,
  )
})

it('tells of a long text that repeats itself throughout', () => {
  const line = Int32Array.from(
    Buffer.from('The whale is the largest inhabitant of the sea, and the sea is wide. '),
  )
  const tokens = Int32Array.from({ length: 400_000 }, (_, i) => line[i % line.length])
  expect(() => holdOut({ name: 'whales', documents: [{ id: 'whale', tokens }] }, 1025)).toThrow(
    "'whales' repeats itself: each of the 78 pieces of 1025 bytes that could be held out shares a passage with text that is trained on",
  )
})

it('holds out of a long text with the same line of dashes between its parts', () => {
  const random = createRandom(1)
  const dashes = new Int32Array(80).fill(45)
  const tokens = Int32Array.from(
    Array.from({ length: 2500 }, () => [
      ...Array.from({ length: 120 }, () => random.integer(256)),
      ...dashes,
    ]).flat(),
  )
  const corpus = { name: 'log', documents: [{ id: 'log', tokens }] }
  const { heldOut } = holdOut(corpus, 1001, { tokenizer: byteTokenizer })
  expect(heldOut.documents).toHaveLength(99)
})

it('takes any number of documents, most of them too short', () => {
  const short = Array.from({ length: 200_000 }, (_, i) => ({
    id: `${i}`,
    tokens: Int32Array.of(i >> 16, (i >> 8) & 255, i & 255),
  }))
  const { train, heldOut } = holdOut(
    { ...corpusOf(100), documents: [...corpusOf(100).documents, ...short] },
    9,
  )
  expect(train.documents).toHaveLength(200_001)
  expect(heldOut.documents).toHaveLength(2)
})
