/** With the u flag both halves of a pair are one character, so that only halves on their own are found. */
const halfCharacter = /\p{Surrogate}/u

/**
 * The first half of a character that stands on its own, a lone surrogate. No encoding goes back to a text that has one,
 * so it is refused wherever a text comes in: prompts, stops, names and data.
 *
 * @returns where it stands, in UTF-16 units, and how it is written; undefined for a text of whole characters
 */
export function halfCharacterIn(text: string): { at: number; code: string } | undefined {
  const at = text.search(halfCharacter)
  return at < 0 ? undefined : { at, code: `\\u${text.charCodeAt(at).toString(16)}` }
}
