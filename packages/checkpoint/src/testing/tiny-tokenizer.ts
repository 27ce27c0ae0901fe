const isPrintable = (byte: number) =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
const others = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !isPrintable(byte))
/** GPT-2's character for each byte. */
const byteAlphabet = Array.from({ length: 256 }, (_, byte) =>
  String.fromCodePoint(isPrintable(byte) ? byte : 256 + others.indexOf(byte)),
)

/** The 256 bytes, three merges and two special tokens. */
export const tinyVocabulary = [...byteAlphabet, 'ab', 'abc', 'Ġab', '<|start|>', '<|end|>']
export const tinyMerges = ['a b', 'ab c', 'Ġ ab']

/** A byte-level tokenizer.json of 261 tokens. */
export const tinyTokenizer = () => ({
  version: '1.0',
  added_tokens: ['<|start|>', '<|end|>'].map((content) => ({
    id: tinyVocabulary.indexOf(content),
    content,
    special: true,
    normalized: false,
    single_word: false,
    lstrip: false,
    rstrip: false,
  })),
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
  post_processor: null,
  decoder: { type: 'ByteLevel' },
  model: {
    type: 'BPE',
    vocab: Object.fromEntries(tinyVocabulary.slice(0, 259).map((token, id) => [token, id])),
    merges: tinyMerges,
  },
})
