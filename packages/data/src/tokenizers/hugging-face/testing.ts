import { createTokenizer } from '../registry'
import { byteAlphabet } from './token-bytes'

export const special = (content: string, id: number) => ({
  id,
  content,
  special: true,
  normalized: false,
  single_word: false,
  lstrip: false,
  rstrip: false,
})

/** The 256 bytes, what `merges` make of them, and two special tokens. */
export function byteLevel(
  merges: string[],
  pretokenizers: object[] = [{ type: 'ByteLevel', add_prefix_space: false }],
) {
  const tokens = [...byteAlphabet, ...merges.map((merge) => merge.replace(' ', ''))]
  return {
    added_tokens: [special('<|start|>', tokens.length), special('<|end|>', tokens.length + 1)],
    pre_tokenizer: { type: 'Sequence', pretokenizers },
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges },
  }
}

/** SentencePiece's way: spaces are ▁, and bytes of what has no token. */
export function sentencePiece() {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  )
  const tokens = ['<unk>', ...bytes, '▁', 'a', 'b', '▁a', 'ab', '▁ab']
  return {
    added_tokens: [special('<unk>', 0)],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      byte_fallback: true,
      fuse_unk: true,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: ['a b', '▁ ab', '▁ a'],
    },
  }
}

/** A tokenizer of this tokenizer.json. */
export const make = (tokenizer: unknown, rest: object = {}) =>
  createTokenizer({ name: 'hugging-face', options: { tokenizer, ...rest } })
