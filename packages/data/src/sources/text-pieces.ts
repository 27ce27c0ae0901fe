import { joined } from '../joined'
import { textOfBytes } from './bytes-of-text'

/** A string holds at most 512 MB; documents that are longer are tokenised in pieces of this many bytes. */
const pieceBytes = 1 << 24

/**
 * A text as it is read, in pieces of about `size` bytes: each but the last ends after a line where it has one, else after
 * a character. One that is shorter is a single piece.
 *
 * @throws NotText
 */
export async function* textPieces(
  bytes: AsyncIterable<Uint8Array>,
  size = pieceBytes,
): AsyncGenerator<string, void, void> {
  let held: Uint8Array[] = []
  let [count, at] = [0, 0]
  for await (const piece of bytes) {
    held.push(piece)
    count += piece.length
    if (count <= size) continue
    const all = joined(held)
    const end = border(all)
    yield textOfBytes(all.subarray(0, end), at)
    at += end
    held = [all.subarray(end)]
    count = all.length - end
  }
  if (count > 0) yield textOfBytes(joined(held), at)
}

/** After the last line's end, or where the last character begins. */
function border(bytes: Uint8Array): number {
  const line = bytes.lastIndexOf(10)
  if (line >= 0) return line + 1
  let end = bytes.length - 1
  while (end > bytes.length - 4 && end > 1 && (bytes[end] & 0xc0) === 0x80) end--
  return end
}
