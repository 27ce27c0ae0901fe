import { DataError } from '../../data-error'
import { huggingFaceTokenizer } from '../hugging-face/hugging-face-tokenizer'
import type { Tokenizer } from '../tokenizer'

/** What of the npm package is used: its data, not its algorithm. */
interface Llama3Data {
  vocabById: string[]
  /** Rank of each merge of two tokens with a space between them. */
  merges: Map<string, number>
}

/** Ordinary tokens; special ones follow. */
const ordinary = 128_000
const begin = '<|begin_of_text|>'
const ends = ['<|end_of_text|>', '<|eot_id|>']

/**
 * Llama 3's tokenizer (128 256 tokens), which the paper's recipes were trained with. Its vocabulary is that of the npm
 * package llama3-tokenizer-js (MIT), which only who uses it installs.
 *
 * @throws DataError where that isn't installed
 */
export async function llama3Tokenizer(): Promise<Tokenizer> {
  const { vocabById: tokens, merges } = await dataOf()
  const added = tokens.slice(ordinary).map((content, i) => ({
    id: ordinary + i,
    content,
    special: true,
    normalized: false,
    single_word: false,
    lstrip: false,
    rstrip: false,
  }))
  const made = huggingFaceTokenizer({
    tokenizer: {
      added_tokens: added,
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          {
            type: 'Split',
            pattern: {
              Regex:
                "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            },
            behavior: 'Isolated',
            invert: false,
          },
          { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
        ],
      },
      decoder: { type: 'ByteLevel' },
      model: {
        type: 'BPE',
        ignore_merges: true,
        vocab: Object.fromEntries(tokens.slice(0, ordinary).map((token, id) => [token, id])),
        merges: [...merges].sort(([, a], [, b]) => a - b).map(([pair]) => pair.split(' ')),
      },
    },
    bosToken: tokens.indexOf(begin),
    endTokens: ends.map((end) => tokens.indexOf(end)),
  })
  // Made again by its name: a folder needn't hold what the package does.
  const { options: _, ...rest } = made
  return { ...rest, name: 'llama-3' }
}

async function dataOf(): Promise<Llama3Data> {
  try {
    const { default: data } = await import('llama3-tokenizer-js')
    return data
  } catch (error) {
    throw new DataError(
      `Llama 3's tokenizer takes the npm package llama3-tokenizer-js, which isn't installed: npm install llama3-tokenizer-js@1.2.0 (${(error as Error).message})`,
    )
  }
}
