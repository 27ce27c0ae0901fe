import { DataError } from '../data-error'

/** Characters of a piece at the most. Where a text is cut depends on the text alone, not on how it arrived. */
const pieceCharacters = 8192

/**
 * Cuts a text that arrives as UTF-8 into pieces to be read one after another, at white space where there is some, so that
 * words stay whole. Whoever reads a text so has the same tokens, and with them the same memory.
 *
 * @throws DataError for bytes that are no UTF-8, and for NULs, which text of another encoding is full of
 */
export async function* readingPieces(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  for await (const each of bytes) {
    rest += decode(decoder, each)
    while (rest.length > pieceCharacters) {
      const end = endOfPiece(rest)
      yield rest.slice(0, end)
      rest = rest.slice(end)
    }
  }
  rest += decode(decoder)
  if (rest !== '') yield rest
}

function endOfPiece(text: string): number {
  for (let end = pieceCharacters; end > pieceCharacters / 2; end--) if (/\s/.test(text[end - 1])) return end
  // Both halves of a character beyond the basic plane stay together.
  const code = text.charCodeAt(pieceCharacters)
  return code >= 0xdc00 && code <= 0xdfff ? pieceCharacters - 1 : pieceCharacters
}

function decode(decoder: TextDecoder, bytes?: Uint8Array): string {
  let text: string
  try {
    text = bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode()
  } catch {
    throw new DataError('the text is not valid UTF-8')
  }
  if (text.includes('\0'))
    throw new DataError(
      'the text holds NUL bytes, as UTF-16 does; convert it, as with: iconv -f UTF-16 -t UTF-8',
    )
  return text
}
