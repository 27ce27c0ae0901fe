import { DataError } from '../../data-error'
import type { Step, TokenizerFile } from './tokenizer-file'

/** What each token is in UTF-8, and whether a text's first space isn't the text's. */
export interface TokenBytes {
  /** Ids below this. */
  count: number
  /** Made when it is asked for: as many small arrays as a vocabulary has tokens take more memory than their texts. */
  bytesOf(id: number): Uint8Array | undefined
  dropsFirstSpace: boolean
}

/** @throws DataError for a decoder that isn't known */
export function tokenBytes({ decoder, model, added_tokens: added }: TokenizerFile): TokenBytes {
  const steps = decoder.type === 'Sequence' ? (decoder.decoders ?? []) : [decoder]
  const types = new Set(steps.map(({ type }) => type))
  for (const type of types)
    if (!known.has(type))
      throw new DataError(
        `tokenizer.json can't be used: its decoder is of type '${type}'; known: ${[...known].join(', ')}`,
      )
  const utf8 = new TextEncoder()
  const spaces = (token: string) => utf8.encode(token.replaceAll('▁', ' '))
  const asBytes = types.has('ByteLevel') ? byteLevel : spaces
  const tokens: string[] = []
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token
  const contents = new Map(added.map(({ id, content }) => [id, content]))
  const count = [...contents.keys()].reduce((most, id) => Math.max(most, id + 1), tokens.length)
  const bytesOf = (id: number): Uint8Array | undefined => {
    const content = contents.get(id)
    if (content !== undefined) return utf8.encode(content)
    const token = tokens[id] as string | undefined
    if (token === undefined) return undefined
    const byte = types.has('ByteFallback') ? /^<0x([0-9A-F]{2})>$/.exec(token)?.[1] : undefined
    return byte === undefined ? asBytes(token) : Uint8Array.of(Number.parseInt(byte, 16))
  }
  return { count, bytesOf, dropsFirstSpace: steps.some(dropsSpace) }
}

const known = new Set(['ByteLevel', 'ByteFallback', 'Fuse', 'Metaspace', 'Replace', 'Strip'])

const dropsSpace = ({ type, start, prepend_scheme: prepend, add_prefix_space: space }: Step): boolean =>
  type === 'Strip' ? start === 1 : type === 'Metaspace' && (prepend ? prepend !== 'never' : space !== false)

/** Bytes of a token that is written with a character for each byte. */
function byteLevel(token: string): Uint8Array {
  const bytes: number[] = []
  for (const character of token) {
    const byte = byteOf.get(character)
    // A token that isn't written so, like a special one in the vocabulary, is its own text.
    if (byte === undefined) return new TextEncoder().encode(token)
    bytes.push(byte)
  }
  return Uint8Array.from(bytes)
}

/**
 * GPT-2's alphabet: a printable byte of Latin-1 is the character of its own code, the others follow from U+0100 on in the
 * order of their bytes.
 */
export const byteAlphabet: readonly string[] = (() => {
  const printable = (byte: number) =>
    (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad && byte <= 0xff)
  let others = 0
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCodePoint(printable(byte) ? byte : 256 + others++),
  )
})()
const byteOf = new Map(byteAlphabet.map((character, byte) => [character, byte]))
