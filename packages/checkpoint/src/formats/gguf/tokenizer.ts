import type { TokenizerRecord } from '@ttt-e2e/data'
import type { Metadata } from './metadata'
import { bpeFromScores } from './bpe-from-scores'

/** Splits by a regular expression, each match a piece of its own. */
const split = (Regex: string) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false })
const bytes = (useRegex: boolean) => ({ type: 'ByteLevel', add_prefix_space: false, use_regex: useRegex })
const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
const words = '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+'
const rest = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+'

/** How a text is cut before its pieces are merged, by the name that `tokenizer.ggml.pre` has. */
const preTokenizers: Readonly<Record<string, readonly object[]>> = {
  'gpt-2': [bytes(true)],
  smollm: [split('\\p{N}'), bytes(true)],
  'llama-bpe': [split(`${contractions}|${words}|\\p{N}{1,3}|${rest}`), bytes(false)],
  qwen2: [split(`${contractions}|${words}|\\p{N}|${rest}`), bytes(false)],
}

/** Types of tokens. */
const unknownType = 2
const controlType = 3
const userType = 4

/** The tokenizer of a GGUF file as a tokenizer.json; what is wrong with it goes to `problems`. */
export function tokenizerOf(
  metadata: Metadata,
  problems: string[],
): { tokenizer: TokenizerRecord; beginsWithBos: boolean } | undefined {
  const get = (key: string) => metadata.get(`tokenizer.ggml.${key}`)
  const problem = (message: string): undefined => void problems.push(message)
  const [model, tokens, types] = [get('model'), get('tokens'), get('token_type')]
  if (model !== 'gpt2' && model !== 'llama')
    return problem(`its tokenizer is ${JSON.stringify(model)}; only gpt2 and llama can be read`)
  if (!isList(tokens, 'string')) return problem('its metadata lacks the list tokenizer.ggml.tokens')
  if (types !== undefined && (!isList(types, 'number') || types.length !== tokens.length))
    return problem(`tokenizer.ggml.token_type is no list of ${tokens.length} numbers`)
  const typeOf = (id: number) => (types as number[] | undefined)?.[id] ?? 1
  const vocab = new Map(tokens.map((token, id) => [token, id]))
  if (vocab.size !== tokens.length) return problem('tokenizer.ggml.tokens has a token twice')
  const added = tokens.flatMap((content, id) =>
    content !== '' && [unknownType, controlType, userType].includes(typeOf(id))
      ? [
          {
            id,
            content,
            special: typeOf(id) !== userType,
            normalized: false,
            single_word: false,
            lstrip: false,
            rstrip: false,
          },
        ]
      : [],
  )
  const parts = model === 'gpt2' ? byteLevel() : sentencePiece()
  if (!parts) return undefined
  const bos = get('bos_token_id')
  const addsBos = get('add_bos_token') ?? (model === 'llama' || get('pre') === 'llama-bpe')
  const beginsWithBos = addsBos === true && isId(bos)
  const ends = [get('eos_token_id'), get('eot_token_id')].filter(isId)
  const template = metadata.get('tokenizer.chat_template')
  return {
    beginsWithBos,
    tokenizer: {
      name: 'hugging-face',
      options: {
        tokenizer: { version: '1.0', added_tokens: added, post_processor: null, ...parts },
        ...(beginsWithBos && { bosToken: bos }),
        ...(ends.length > 0 && { endTokens: [...new Set(ends)] }),
        ...(typeof template === 'string' && { chatTemplate: template }),
      },
    },
  }

  function isId(id: unknown): id is number {
    return Number.isInteger(id) && (id as number) >= 0 && (id as number) < vocab.size
  }

  function byteLevel() {
    const [pre, merges] = [get('pre') ?? 'gpt-2', get('merges')]
    if (typeof pre !== 'string' || !Object.hasOwn(preTokenizers, pre))
      return problem(
        `its tokenizer cuts texts by ${JSON.stringify(pre)}; known: ${Object.keys(preTokenizers).join(', ')}`,
      )
    if (!isList(merges, 'string')) return problem('its metadata lacks the list tokenizer.ggml.merges')
    return {
      normalizer: null,
      pre_tokenizer: { type: 'Sequence', pretokenizers: preTokenizers[pre] },
      decoder: { type: 'ByteLevel' },
      model: { type: 'BPE', vocab: Object.fromEntries(vocab), merges, ignore_merges: pre === 'llama-bpe' },
    }
  }

  function sentencePiece() {
    const scores = get('scores')
    if (!isList(scores, 'number') || scores.length !== (tokens as string[]).length)
      return problem(`tokenizer.ggml.scores is no list of ${(tokens as string[]).length} numbers`)
    const spaceFirst = get('add_space_prefix') !== false
    const unknown = get('unknown_token_id')
    return {
      normalizer: {
        type: 'Sequence',
        normalizers: [
          ...(spaceFirst ? [{ type: 'Prepend', prepend: '▁' }] : []),
          { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
        ],
      },
      pre_tokenizer: null,
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          ...(spaceFirst ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
        ],
      },
      model: {
        type: 'BPE',
        vocab: Object.fromEntries(vocab),
        merges: bpeFromScores(vocab, scores, (id) => typeOf(id) === 1),
        unk_token: isId(unknown) ? (tokens as string[])[unknown] : null,
        fuse_unk: true,
        byte_fallback: true,
      },
    }
  }
}

function isList(value: unknown, type: 'string'): value is string[]
function isList(value: unknown, type: 'number'): value is number[]
function isList(value: unknown, type: string): boolean {
  return Array.isArray(value) && value.length > 0 && typeof value[0] === type
}
