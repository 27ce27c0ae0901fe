import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import { DataError } from '../../data-error'
import { AddedTokens } from './added-tokens'
import { withRewrittenSteps } from './rewritten-steps'
import type { AddedToken, TokenizerFile } from './tokenizer-file'

/** A text's tokens, without any put around it. */
export type Encoder = (text: string) => number[]

/**
 * Encodes by the library, but for added tokens: it doesn't know of words of their own, nor of what stands next to each other.
 * They are looked for in the text as it is, then in what lies between them, normalized.
 *
 * @param passesOver tells added tokens whose names are text like any other
 * @throws DataError for steps that the library doesn't know
 */
export function encoderOf(file: TokenizerFile, passesOver: (token: AddedToken) => boolean): Encoder {
  const { normalize, tokenize } = stepsOf(file)
  const isNormalized = ({ normalized, special }: AddedToken) => normalized ?? !special
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
  return (text) =>
    first.cut(text).flatMap((part) => {
      if ('token' in part) return [part.token.id]
      return second
        .cut(normalize(part.text))
        .flatMap((inner) =>
          'token' in inner ? [inner.token.id] : tokenize(inner.text, part.start === 0 && inner.start === 0),
        )
    })
}

/** What the library does with a text between added tokens. */
function stepsOf(file: TokenizerFile) {
  try {
    const library = new LibraryTokenizer(
      { ...withRewrittenSteps(file), added_tokens: [], post_processor: null },
      {},
    )
    const { normalizer, pre_tokenizer: preTokenizer, model } = library
    const normalize = (text: string): string => (text === '' ? '' : (normalizer?.(text) ?? text))
    const tokenize = (text: string, isFirst: boolean): number[] => {
      const pieces = preTokenizer?.(text, { section_index: isFirst ? 0 : 1 }) ?? [text]
      return model!(pieces).map((token) => library.token_to_id(token) ?? model!.unk_token_id!)
    }
    tokenize(normalize('a b'), true)
    return { normalize, tokenize }
  } catch (error) {
    throw new DataError(`tokenizer.json can't be used: ${(error as Error).message}`)
  }
}
