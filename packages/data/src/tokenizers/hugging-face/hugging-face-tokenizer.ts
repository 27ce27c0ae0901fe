import { DataError } from '../../data-error'
import { joined } from '../../joined'
import { checkTokens } from '../../stream/check-tokens'
import { DecodeStream } from '../decode-stream'
import type { Tokenizer } from '../tokenizer'
import { encodersOf } from './encoder'
import { tokenBytes } from './token-bytes'
import { checkTokenizerFile } from './tokenizer-file'

/**
 * A byte-level or SentencePiece-style BPE as a tokenizer.json says it. Its options: `tokenizer`, that file's content;
 * `bosToken`, `endTokens` and `chatTemplate` as in `Tokenizer`.
 *
 * @throws DataError for a tokenizer.json that can't be used
 */
export function huggingFaceTokenizer(options: Readonly<Record<string, unknown>>): Tokenizer {
  const file = checkTokenizerFile(options.tokenizer)
  const { count: vocabularySize, bytesOf, dropsFirstSpace } = tokenBytes(file)
  const { bosToken, endTokens, chatTemplate } = checkedOptions(options, vocabularySize)
  const encoderFor = encodersOf(file)
  const textOf = (tokens: ArrayLike<number>): string => {
    checkTokens(tokens, vocabularySize)
    const pieces = Array.from(tokens, (token) => (token === bosToken ? undefined : bytesOf(token)) ?? nothing)
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(joined(pieces))
  }
  const fromStart = (text: string) => (dropsFirstSpace && text.startsWith(' ') ? text.slice(1) : text)
  return {
    name: 'hugging-face',
    options,
    vocabularySize,
    ...(bosToken !== undefined && { bosToken }),
    ...(endTokens && { endTokens }),
    ...(chatTemplate !== undefined && { chatTemplate }),
    encode(text, { special = false } = {}) {
      if (text === '') return new Int32Array()
      return Int32Array.from(encoderFor(special)(text))
    },
    decode: (tokens) => fromStart(textOf(tokens)),
    stream: (unfinished) =>
      new DecodeStream({ vocabularySize, decode: textOf }, unfinished, unfinished ? undefined : fromStart),
  }
}

const nothing = new Uint8Array()

function checkedOptions(options: Readonly<Record<string, unknown>>, vocabularySize: number) {
  const { bosToken, endTokens, chatTemplate } = options
  const isId = (id: unknown) =>
    Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < vocabularySize
  if (bosToken !== undefined && !isId(bosToken))
    throw new DataError(`bosToken is ${JSON.stringify(bosToken)}; it must be a token of the vocabulary`)
  if (endTokens !== undefined && !(Array.isArray(endTokens) && endTokens.every(isId)))
    throw new DataError(`endTokens are ${JSON.stringify(endTokens)}; they must be tokens of the vocabulary`)
  if (chatTemplate !== undefined && typeof chatTemplate !== 'string')
    throw new DataError('chatTemplate must be a text')
  return { bosToken, endTokens, chatTemplate } as Pick<Tokenizer, 'bosToken' | 'endTokens' | 'chatTemplate'>
}
