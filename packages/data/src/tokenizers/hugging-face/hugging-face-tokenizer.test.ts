import { describe, expect, it } from 'vitest'
import { byteAlphabet } from './token-bytes'
import { byteLevel, make, sentencePiece } from './testing'

const texts = ['', 'a', ' ab  ab ', 'naïve — 鯨 🐋!', '\ufeffmark', 'x\r\n\t y\0', '👩‍👩‍👧 ü']
// The first bytes of 🐋 with the space before it, and its last two: no token is a whole character.
const whale = byteLevel(['Ġ ð', 'Ġð Ł', 'Ĳ ĭ'])

describe.each([
  ['byte-level', whale],
  ['SentencePiece-style', sentencePiece()],
])('%s BPE', (_, file) => {
  it.each(texts)('gives %j back, as a whole and as a stream', async (text) => {
    const tokenizer = await make(file)
    const tokens = tokenizer.encode(text)
    expect(tokenizer.decode(tokens)).toBe(text)
    const stream = tokenizer.stream()
    const pieces = Array.from(tokens, (token) => stream.push(token))
    expect(pieces.join('')).toBe(text)
    expect(stream.end()).toBe('')
    expect(pieces.every((piece) => !piece.includes('\ufffd'))).toBe(true)
  })

  it('goes on with a stream from where an earlier one was left', async () => {
    const tokenizer = await make(file)
    const tokens = [...tokenizer.encode('a 🐋 a')]
    for (let cut = 0; cut <= tokens.length; cut++) {
      const first = tokenizer.stream()
      const before = tokens.slice(0, cut).map((token) => first.push(token))
      const second = tokenizer.stream(first.unfinished)
      const after = tokens.slice(cut).map((token) => second.push(token))
      // What goes on is not a text's beginning: its first space is its own.
      if (cut > 0) expect([...before, ...after].join('')).toBe('a 🐋 a')
    }
  })
})

it('holds back a token that ends in half a character', async () => {
  const tokenizer = await make(whale)
  const tokens = [...tokenizer.encode('a 🐋')]
  expect(tokens).toHaveLength(3)
  const stream = tokenizer.stream()
  expect(tokens.map((token) => stream.push(token))).toEqual(['a', '', ' 🐋'])
})

it('takes special tokens from a text only where asked to', async () => {
  const tokenizer = await make(byteLevel([]), { bosToken: 256, endTokens: [257], chatTemplate: 'x' })
  expect([...tokenizer.encode('<|start|>a<|end|>', { special: true })]).toEqual([256, 97, 257])
  expect(tokenizer.encode('<|start|>a')).toHaveLength(10)
  expect(tokenizer.decode([256, 97, 257])).toBe('a<|end|>')
  expect(tokenizer).toMatchObject({ vocabularySize: 258, bosToken: 256, endTokens: [257], chatTemplate: 'x' })
})

it('takes every number for digits, as Hugging Face does', async () => {
  const pretokenizers = [
    { type: 'Digits', individual_digits: true },
    { type: 'ByteLevel', add_prefix_space: false },
  ]
  const pair = '1 2'
  const tokenizer = await make(byteLevel([pair, 'Â ²', 'Â² Â²'], pretokenizers))
  expect(tokenizer.encode('12')).toHaveLength(2)
  expect(tokenizer.encode('²²')).toHaveLength(2)
})

/** Ids as Hugging Face's tokenizers 0.23.3 has them; an added token is written by its name, the rest as text. */
describe('added tokens', () => {
  const added = (content: string, more: object = {}) => ({
    content,
    special: false,
    normalized: false,
    ...more,
  })
  const names = async (tokens: object[], text: string, file: object = byteLevel([])) => {
    const tokenizer = await make({
      ...file,
      added_tokens: tokens.map((token, i) => ({ ...token, id: 300 + i })),
    })
    return Array.from(tokenizer.encode(text, { special: true }), (id) => tokenizer.decode([id]))
  }

  it('are found as words of their own where they must be', async () => {
    const word = [added('word', { single_word: true })]
    expect(await names(word, 'word')).toEqual(['word'])
    expect(await names(word, '.word!')).toEqual(['.', 'word', '!'])
    for (const text of ['words', '_word', '2word', 'word2', '한word'])
      expect((await names(word, text)).includes('word'), text).toBe(false)
  })

  it('take blanks along, which are those of Unicode: U+0085 is one and U+FEFF is none', async () => {
    const [left, right] = [added('<l>', { lstrip: true }), added('<r>', { rstrip: true })]
    expect(await names([left], 'a \u0085\n<l> b')).toEqual(['a', '<l>', ' ', 'b'])
    expect(await names([right], 'a <r> \u0085\tb')).toEqual(['a', ' ', '<r>', 'b'])
    expect((await names([left], '\ufeff<l>')).length).toBe(4)
    expect((await names([right], '<r>\ufeff')).length).toBe(4)
  })

  it('are still found in blanks that one before them takes along', async () => {
    const tokens = [added('<r>', { rstrip: true }), added('    ')]
    expect(await names(tokens, '<r>    a')).toEqual(['<r>', '    ', 'a'])
  })

  it('are the longest of those that begin first, before the ones that are looked for after normalization', async () => {
    const tokens = [added('<a>'), added('<a>b'), added('x<a>bc', { normalized: true })]
    expect(await names(tokens, 'x<a>bc<a>')).toEqual(['x', '<a>b', 'c', '<a>'])
  })

  it('are found by what normalization makes of them', async () => {
    const file = { ...byteLevel([]), normalizer: { type: 'Lowercase' } }
    expect(await names([added('<Up>', { normalized: true })], 'A<uP>B', file)).toEqual(['a', '<Up>', 'b'])
    expect(await names([added('<Up>')], '<uP>', file)).toHaveLength(4)
  })

  it('have no space put before what follows them where only a text gets one', async () => {
    const metaspace = (prepend_scheme: string) => ({
      ...sentencePiece(),
      normalizer: null,
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme, split: false },
    })
    for (const normalized of [true, false]) {
      const token = [added('<x>', { normalized })]
      expect(await names(token, 'a<x>a', metaspace('first'))).toEqual(['a', '<x>', 'a'])
      expect((await names(token, '<x>a', metaspace('first'))).join('')).toBe('<x>a')
    }
  })
})

/** Tokens of texts, as Hugging Face's tokenizers 0.23.3 have them: merges that stand within a piece tell where pieces end. */
describe('steps that the library takes otherwise', () => {
  const bytes = (more: object) => ({ type: 'ByteLevel', add_prefix_space: false, use_regex: true, ...more })
  const tokens = async (text: string, merges: string[], file: object) => {
    const tokenizer = await make({ ...byteLevel(merges), ...file })
    return Array.from(tokenizer.encode(text), (id) => tokenizer.decode([id]))
  }

  it.each([
    ['Isolated', ['a', '!', '!', 'b']],
    ['Removed', ['a', 'b']],
    ['MergedWithPrevious', ['a!', '!', 'b']],
    ['MergedWithNext', ['a', '!', '!b']],
    ['Contiguous', ['a', '!!', 'b']],
  ])('Split: %s', async (behavior, expected) => {
    for (const pattern of [{ String: '!' }, { Regex: '!' }]) {
      const split = { type: 'Split', pattern, behavior, invert: false }
      const pre_tokenizer = { type: 'Sequence', pretokenizers: [split, bytes({ use_regex: false })] }
      expect(await tokens('a!!b', ['a !', '! !', '! b'], { pre_tokenizer })).toEqual(expected)
    }
  })

  it('Metaspace cuts before each of its marks, unless it says that it does not', async () => {
    const metaspace = (split?: boolean) => ({
      ...sentencePiece(),
      normalizer: null,
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'never', split },
      model: {
        ...sentencePiece().model,
        merges: ['a ▁'],
        vocab: { ...sentencePiece().model.vocab, 'a▁': 263 },
      },
    })
    for (const [split, expected] of [
      [undefined, 3],
      [true, 3],
      [false, 2],
    ] as const)
      // prettier-ignore
      expect((await make(metaspace(split))).encode('a b'), String(split)).toHaveLength(expected)
  })

  const mark = ['ï »', 'ï» ¿']
  const nextLine = `Â ${byteAlphabet[0x85]}`
  const pre_tokenizer = bytes({})

  it('U+FEFF is no blank, U+0085 is one', async () => {
    expect(await tokens('.\ufeff!', [...mark, '. ï»¿', '.ï»¿ !'], { pre_tokenizer })).toEqual(['.\ufeff!'])
    const merges = [nextLine, `${nextLine.replace(' ', '')} !`]
    expect(await tokens('\u0085!', merges, { pre_tokenizer })).toEqual(['\u0085', '!'])
  })

  it('Strip takes these blanks away, and lines end where the text does', async () => {
    const normalizer = { type: 'Strip', strip_left: true, strip_right: true }
    const stripped = async (text: string) =>
      (await tokens(text, [nextLine, ...mark], { normalizer, pre_tokenizer })).join('')
    expect(await stripped(' \u0085a\r\nb\t\u0085\n')).toBe('a\r\nb')
    expect(await stripped('\ufeff a')).toBe('\ufeff a')
  })

  it('ByteLevel puts one space before a text, also where it begins with another blank', async () => {
    const prefixed = { pre_tokenizer: bytes({ add_prefix_space: true }) }
    expect((await tokens('\tb', [], prefixed)).join('')).toBe(' \tb')
    expect((await tokens('b', [], prefixed)).join('')).toBe(' b')
    expect((await tokens(' b', [], prefixed)).join('')).toBe(' b')
  })
})

it.each<[string, (file: ReturnType<typeof whaleCopy>) => unknown, string]>([
  ['a text', () => 'x', 'tokenizer.json is not a JSON object'],
  ['a list', () => [], 'tokenizer.json is not a JSON object'],
  ['null', () => null, 'tokenizer.json is not a JSON object'],
  ['no model', (file) => ({ ...file, model: undefined }), 'it has no model'],
  [
    'a model of words',
    (file) => ({ ...file, model: { ...file.model, type: 'WordPiece' } }),
    'its model is of type "WordPiece"; only BPE can be read',
  ],
  [
    'a unigram model',
    (file) => ({ ...file, model: { ...file.model, type: 'Unigram' } }),
    'of type "Unigram"',
  ],
  [
    'no vocabulary',
    (file) => ({ ...file, model: { ...file.model, vocab: undefined } }),
    'its model has no vocab',
  ],
  [
    'an empty vocabulary',
    (file) => ({ ...file, model: { ...file.model, vocab: {} } }),
    'its model has no vocab',
  ],
  [
    'a list for a vocabulary',
    (file) => ({ ...file, model: { ...file.model, vocab: ['a'] } }),
    'its model has no vocab',
  ],
  [
    'an id that is a text',
    (file) => withToken(file, 'q!', '7'),
    'the id of "q!" is "7", not one from 0 to 10000000',
  ],
  ['a negative id', (file) => withToken(file, 'q!', -1), 'the id of "q!" is -1'],
  ['a broken id', (file) => withToken(file, 'q!', 1.5), 'the id of "q!" is 1.5'],
  ['an enormous id', (file) => withToken(file, 'q!', 4e9), 'the id of "q!" is 4000000000'],
  ['two tokens of one id', (file) => withToken(file, 'q!', 3), 'two tokens have the id 3'],
  [
    'marks within words',
    (file) => ({ ...file, model: { ...file.model, continuing_subword_prefix: '##' } }),
    'its tokens within words begin with "##"; none that do can be read',
  ],
  [
    'an unknown token that is none',
    (file) => ({ ...file, model: { ...file.model, unk_token: 3 } }),
    "its model's unk_token is no text",
  ],
  ['no merges', (file) => withMerges(file, undefined), 'its model has no list of merges'],
  ['merges of one', (file) => withMerges(file, ['ab']), 'merge 0 is not a pair of tokens'],
  ['merges of three', (file) => withMerges(file, [['a', 'b', 'c']]), 'merge 0 is not a pair of tokens'],
  ['merges of numbers', (file) => withMerges(file, [[1, 2]]), 'merge 0 is not a pair of tokens'],
  [
    'merges of strangers',
    (file) => withMerges(file, ['aa b']),
    "merge 0 is of tokens that the vocabulary doesn't have",
  ],
  [
    'a merge without a result',
    (file) => withMerges(file, ['a b']),
    "merge 0 makes a token that the vocabulary doesn't have",
  ],
  ['added tokens that are none', (file) => ({ ...file, added_tokens: {} }), 'its added_tokens are no list'],
  [
    'an added token without an id',
    (file) => ({ ...file, added_tokens: [{ content: 'x' }] }),
    'added token 0 has no id',
  ],
  [
    'an added token without a text',
    (file) => ({ ...file, added_tokens: [{ id: 300, content: '' }] }),
    'added token 0 has no id',
  ],
  [
    'an enormous added id',
    (file) => ({ ...file, added_tokens: [{ id: 1e15, content: 'x' }] }),
    'added token 0 has no id',
  ],
  ['no decoder', (file) => ({ ...file, decoder: null }), 'it has no decoder'],
  [
    'a decoder of words',
    (file) => ({ ...file, decoder: { type: 'WordPiece' } }),
    "its decoder is of type 'WordPiece'; known: ByteLevel",
  ],
  [
    'an unknown step',
    (file) => ({ ...file, decoder: { type: 'Sequence', decoders: [{ type: 'CTC' }] } }),
    "its decoder is of type 'CTC'",
  ],
  ['a text for a normalizer', (file) => ({ ...file, normalizer: 'NFC' }), 'its normalizer is no object'],
  [
    'an unknown normalizer',
    (file) => ({ ...file, normalizer: { type: 'Upper' } }),
    "tokenizer.json can't be used: ",
  ],
  [
    'an unknown pre-tokenizer',
    (file) => ({ ...file, pre_tokenizer: { type: 'Words' } }),
    "tokenizer.json can't be used: ",
  ],
  [
    'a broken expression',
    (file) => ({ ...file, pre_tokenizer: { type: 'Split', pattern: { Regex: '(' }, behavior: 'Isolated' } }),
    "tokenizer.json can't be used: ",
  ],
])('refuses %s', async (_, change, sentence) => {
  await expect(make(change(whaleCopy()))).rejects.toThrow(sentence)
})

it.each([
  [{ bosToken: 1000 }, 'bosToken is 1000; it must be a token of the vocabulary'],
  [{ endTokens: [1, -1] }, 'endTokens are [1,-1]; they must be tokens of the vocabulary'],
  [{ chatTemplate: 1 }, 'chatTemplate must be a text'],
])('refuses %j', async (rest, sentence) => {
  await expect(make(whale, rest)).rejects.toThrow(sentence)
})

function whaleCopy() {
  return structuredClone(whale) as typeof whale
}
type File = ReturnType<typeof whaleCopy>
function withToken(file: File, token: string, id: unknown) {
  return { ...file, model: { ...file.model, vocab: { ...file.model.vocab, [token]: id } } }
}
function withMerges(file: File, merges: unknown) {
  return { ...file, model: { ...file.model, merges } }
}
