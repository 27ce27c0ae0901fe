import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import { DataError } from '../../data-error'
import { AddedTokens } from './added-tokens'
import { bytePairs } from './byte-pairs'
import { idOf, MergeTable } from './merge-table'
import { withRewrittenSteps } from './rewritten-steps'
import type { AddedToken, TokenizerFile } from './tokenizer-file'

/** A text's tokens, without any put around it. */
export type Encoder = (text: string) => number[]

/**
 * @returns the encoder to which names of special tokens are these tokens, or, not `special`, text like any other; either is
 * made when it is first asked for, of the same tables
 * @throws DataError for steps that the library doesn't know
 */
export function encodersOf(file: TokenizerFile): (special: boolean) => Encoder {
  const steps = stepsOf(file)
  const merges = new MergeTable(file.model.vocab, file.model.merges)
  const made: { special?: Encoder; text?: Encoder } = {}
  return (special) => {
    if (special) return (made.special ??= encoderOf(file, steps, merges, true))
    return (made.text ??= encoderOf(file, steps, merges, false))
  }
}

/** Ids of special tokens that the vocabulary has; that of the unknown is text's too. */
function namesOf({ added_tokens: added, model }: TokenizerFile): ReadonlySet<number> {
  const names = added.filter(({ special, content }) => special && content !== model.unk_token)
  return new Set(names.flatMap(({ content }) => idOf(model.vocab, content) ?? []))
}

/**
 * Normalizes and cuts texts by the library, but for added tokens: it doesn't know of words of their own, nor of what stands
 * next to each other. They are looked for in the text as it is, then in what lies between them, normalized.
 *
 * @param takesNames whether names of special tokens are tokens
 */
function encoderOf(
  file: TokenizerFile,
  { normalize, cut }: Steps,
  merges: MergeTable,
  takesNames: boolean,
): Encoder {
  const names = takesNames ? new Set<number>() : namesOf(file)
  const isNormalized = ({ normalized, special }: AddedToken) => normalized ?? !special
  const passesOver = ({ special = false }: AddedToken) => special && !takesNames
  const asTheyAre = file.added_tokens.filter((token) => !isNormalized(token))
  const normalized = file.added_tokens.filter(isNormalized)
  const first = new AddedTokens(
    asTheyAre.map((token) => ({ content: token.content, token })),
    passesOver,
  )
  const second = new AddedTokens(
    normalized.map((token) => ({ content: normalize(token.content), token })),
    passesOver,
  )
  const tokensOf = bytePairs(file.model, merges, (id) => names.has(id))
  return (text) =>
    first.cut(text).flatMap((part) => {
      if ('token' in part) return [part.token.id]
      return second
        .cut(normalize(part.text))
        .flatMap((inner) =>
          'token' in inner
            ? [inner.token.id]
            : cut(inner.text, part.start === 0 && inner.start === 0).flatMap(tokensOf),
        )
    })
}

/** What is done with a text between added tokens before its pieces are merged. */
interface Steps {
  normalize(text: string): string
  cut(text: string, isFirst: boolean): string[]
}

function stepsOf(file: TokenizerFile): Steps {
  try {
    const { normalizer, pre_tokenizer: preTokenizer } = new LibraryTokenizer(
      {
        ...withRewrittenSteps(file),
        added_tokens: [],
        post_processor: null,
        // Merged by our own: the library's maps of texts take several times the memory.
        model: { type: 'BPE', vocab: {}, merges: [] },
      },
      {},
    )
    const normalize = (text: string): string => (text === '' ? '' : (normalizer?.(text) ?? text))
    const cut = (text: string, isFirst: boolean): string[] =>
      preTokenizer?.(text, { section_index: isFirst ? 0 : 1 }) ?? [text]
    cut(normalize('a b'), true)
    return { normalize, cut }
  } catch (error) {
    throw new DataError(`tokenizer.json can't be used: ${(error as Error).message}`)
  }
}
