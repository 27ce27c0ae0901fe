import { checkTokens } from '../../stream/check-tokens'
import { DecodeStream } from '../decode-stream'
import type { Tokenizer } from '../tokenizer'

const bos = 256

/**
 * One token per UTF-8 byte: ids 0–255 are bytes, 256 is BOS.
 *
 * Decoding bytes that are not UTF-8, such as a generation cut inside a character, gives U+FFFD in their place.
 */
export const byteTokenizer: Tokenizer & { bosToken: number } = {
  name: 'byte',
  vocabularySize: 257,
  bosToken: bos,
  // BOS has no name that could stand in a text.
  encode: (text) => new Int32Array(new TextEncoder().encode(text)),
  decode(tokens) {
    checkTokens(tokens, 257)
    const bytes = Uint8Array.from(Array.from(tokens).filter((token) => token !== bos))
    // ignoreBOM keeps a leading U+FEFF (not our BOS), so that decode(encode(text)) is text.
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  },
  stream: (unfinished) => new DecodeStream(byteTokenizer, unfinished),
}
