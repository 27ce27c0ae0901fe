import { checkWhole, DataError } from '../../data-error'
import { DecodeStream } from '../decode-stream'
import type { Tokenizer } from '../tokenizer'

/** For a model that was stored without its tokenizer: it reads tokens, and no text. */
export function noTokenizer(vocabularySize: number): Tokenizer {
  checkWhole('vocabularySize', vocabularySize, 1)
  const refuse = (): never => {
    throw new DataError(
      'this model was stored without its tokenizer, so that it takes tokens and no text; put its tokenizer.json beside its weights',
    )
  }
  const tokenizer: Tokenizer = {
    name: 'none',
    options: { vocabularySize },
    vocabularySize,
    encode: refuse,
    decode: refuse,
    stream: (unfinished) => new DecodeStream(tokenizer, unfinished),
  }
  return tokenizer
}
