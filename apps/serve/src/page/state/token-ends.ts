/**
 * Where the tokens of a text end in it, in characters (UTF-16): a part of a character ends before the character unless it
 * is its last one.
 *
 * @param tokens each as text, with `\ufffd` in it where it is part of a character; parts are taken to be a byte each, and
 *   whatever else they may be, the next whole token is found again
 */
export function tokenEnds(text: string, tokens: readonly string[]): number[] {
  const ends: number[] = []
  let end = 0
  /** Bytes of the character at `end` that tokens were parts of. */
  let parts = 0
  for (const token of tokens) {
    const isWhole = token !== '' && !token.includes('\ufffd')
    const at = isWhole ? text.slice(end, end + 2 * parts + token.length).indexOf(token) : -1
    if (at >= 0) {
      end += at + token.length
      parts = 0
    } else if (!isWhole && end < text.length) {
      const character = String.fromCodePoint(text.codePointAt(end)!)
      parts += 1
      const bytes = new TextEncoder().encode(character).length
      if (parts >= bytes) {
        end += character.length
        parts -= bytes
      }
    }
    ends.push(end)
  }
  return ends
}
