import { describe, expect, it } from 'vitest'
import { make, sentencePiece, special } from './testing'

describe('merges', () => {
  const model = (more: object) => ({ ...sentencePiece(), model: { ...sentencePiece().model, ...more } })
  const plain = (tokens: string[], merges: unknown[], more: object = {}) => ({
    decoder: { type: 'Fuse' },
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
      ...more,
    },
  })
  const ids = async (file: object, text: string) => [...(await make(file)).encode(text)]

  it('go by rank, and of one rank from the left', async () => {
    const tokens = ['a', 'b', 'ab', 'ba', 'aba', 'aa']
    expect(await ids(plain(tokens, ['b a', 'a b']), 'abab')).toEqual([0, 3, 1])
    expect(await ids(plain(tokens, ['a b', 'ab a']), 'ababa')).toEqual([2, 4])
    expect(await ids(plain(tokens, [['a', 'a']]), 'aaaaa')).toEqual([5, 5, 0])
  })

  it('give a long piece what they give its words', async () => {
    const file = plain(['a', 'b', 'ab', 'abab'], ['a b', 'ab ab'])
    expect(await ids(file, 'ab'.repeat(50_001))).toEqual([...Array<number>(25_000).fill(3), 2])
  })

  it('count where they stand last, when they stand twice', async () => {
    expect(await ids(plain(['a', 'b', 'c', 'ab', 'bc'], ['a b', 'b c', 'a b']), 'abc')).toEqual([0, 4])
  })

  it('leave what has no token to that of the unknown, in a row one or each its own', async () => {
    expect(await ids(model({ byte_fallback: false }), 'a é鯨b')).toEqual([260, 257, 0, 259])
    expect(await ids(model({ byte_fallback: false, fuse_unk: false }), 'é鯨')).toEqual([257, 0, 0])
    expect(await ids(model({ byte_fallback: false, unk_token: null }), 'é鯨')).toEqual([257])
    const absent = model({ byte_fallback: false, unk_token: '?' })
    await expect(ids(absent, 'é')).rejects.toThrow(
      'the text has the character "é", for which tokenizer.json has no token, and its unk_token "?" is not in the vocabulary',
    )
  })

  it('make no special token of its name, but where it is asked for', async () => {
    const file = {
      ...plain(['<', 's', '>', '<s', '<s>'], ['< s', '<s >']),
      added_tokens: [special('<s>', 4)],
    }
    const tokenizer = await make(file)
    expect([...tokenizer.encode('<s>')]).toEqual([3, 2])
    expect([...tokenizer.encode('<s>', { special: true })]).toEqual([4])
  })

  it('see the suffix of the last character', async () => {
    const file = plain(['a', 'b', 'b</w>', 'ab</w>'], ['a b</w>'], { end_of_word_suffix: '</w>' })
    expect(await ids(file, 'bab')).toEqual([1, 3])
  })
})
