import { problemList } from '@ttt-e2e/tensor-ops/user-error'
import { DataError } from '../../data-error'

/** A token that is looked for before a text is cut into pieces. */
export interface AddedToken {
  id: number
  content: string
  special?: boolean
  /** Whether it is looked for in the text after normalization; true where left out for those that aren't special. */
  normalized?: boolean
  /** Not a part of a longer word. */
  single_word?: boolean
  /** Takes the blanks before or behind it along. */
  lstrip?: boolean
  rstrip?: boolean
}

/** What of a tokenizer.json is looked at here; the rest is the library's to understand. */
export interface TokenizerFile {
  added_tokens: AddedToken[]
  normalizer?: object | null
  pre_tokenizer?: object | null
  post_processor?: object | null
  decoder: Step
  model: {
    type: 'BPE'
    vocab: Record<string, number>
    merges: (string | [string, string])[]
    unk_token?: string | null
    /** Whether unknown characters in a row are one token. */
    fuse_unk?: boolean
    byte_fallback?: boolean
    ignore_merges?: boolean
    /** Stands behind the last character of a piece. */
    end_of_word_suffix?: string | null
  }
}

/** One step of a decoder, or a sequence of steps. */
export interface Step {
  type: string
  decoders?: Step[]
  prepend_scheme?: string
  add_prefix_space?: boolean
  start?: number
}

/** More ids than any vocabulary has. */
const mostIds = 1e7

/** @throws DataError listing everything by which it isn't the tokenizer.json of a byte-level or SentencePiece-style BPE */
export function checkTokenizerFile(value: unknown): TokenizerFile {
  const file = record(value)
  if (!file) throw new DataError('tokenizer.json is not a JSON object')
  const problems: string[] = []
  const model = record(file.model)
  if (!model) problems.push('it has no model')
  else if (model.type !== undefined && model.type !== 'BPE')
    problems.push(`its model is of type ${JSON.stringify(model.type)}; only BPE can be read`)
  else checkModel(model, problems)
  const added = file.added_tokens ?? []
  if (!Array.isArray(added)) problems.push('its added_tokens are no list')
  else
    added.forEach((token: unknown, i) => {
      const { id, content } = record(token) ?? {}
      if (!isId(id) || typeof content !== 'string' || content === '')
        problems.push(`added token ${i} has no id from 0 to ${mostIds} and content`)
    })
  if (!record(file.decoder)) problems.push('it has no decoder')
  for (const part of ['normalizer', 'pre_tokenizer', 'post_processor'])
    if (file[part] != null && !record(file[part])) problems.push(`its ${part} is no object`)
  if (problems.length > 0) throw new DataError(`tokenizer.json can't be used: ${problemList(problems)}`)
  return { ...file, added_tokens: added } as unknown as TokenizerFile
}

function checkModel(model: Record<string, unknown>, problems: string[]): void {
  const { vocab, merges, continuing_subword_prefix: prefix } = model
  if (prefix != null && prefix !== '')
    problems.push(`its tokens within words begin with ${JSON.stringify(prefix)}; none that do can be read`)
  for (const key of ['unk_token', 'end_of_word_suffix'])
    if (model[key] != null && typeof model[key] !== 'string') problems.push(`its model's ${key} is no text`)
  const tokens = record(vocab)
  if (!tokens || Object.keys(tokens).length === 0) problems.push('its model has no vocab')
  else {
    const ids = new Set<unknown>()
    for (const [token, id] of Object.entries(tokens)) {
      if (!isId(id))
        problems.push(
          `the id of ${JSON.stringify(token)} is ${JSON.stringify(id)}, not one from 0 to ${mostIds}`,
        )
      else if (ids.has(id)) problems.push(`two tokens have the id ${id}`)
      ids.add(id)
    }
  }
  if (!Array.isArray(merges)) return void problems.push('its model has no list of merges')
  merges.forEach((merge: unknown, i) => {
    const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge
    if (
      !Array.isArray(parts) ||
      parts.length !== 2 ||
      parts.some((part) => typeof part !== 'string' || part === '')
    )
      problems.push(`merge ${i} is not a pair of tokens`)
    else if (tokens && parts.some((part) => !Object.hasOwn(tokens, part)))
      problems.push(`merge ${i} is of tokens that the vocabulary doesn't have`)
    else if (tokens && !Object.hasOwn(tokens, parts.join('')))
      problems.push(`merge ${i} makes a token that the vocabulary doesn't have`)
  })
}

const record = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined

const isId = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= mostIds
