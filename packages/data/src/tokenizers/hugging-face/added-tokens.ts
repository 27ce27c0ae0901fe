import type { AddedToken } from './tokenizer-file'

/** A part of a text: one that is an added token, or text between such. */
export type Part = { token: AddedToken } | { text: string; start: number }

/**
 * Cuts texts at added tokens as Hugging Face's tokenizers do: the leftmost ones, of those the longest. One that must be a
 * single word isn't found within another; one with `lstrip` or `rstrip` takes the blanks beside it along.
 */
export class AddedTokens {
  /** By their first code unit, the longest first. */
  private readonly byFirst = new Map<string, { content: string; token: AddedToken }[]>()

  /**
   * @param contents what each token looks like in the texts
   * @param passesOver tells tokens that are text like any other
   */
  constructor(
    contents: readonly { content: string; token: AddedToken }[],
    private readonly passesOver: (token: AddedToken) => boolean,
  ) {
    for (const each of contents) {
      if (each.content === '') continue
      const found = this.byFirst.get(each.content[0])
      if (found) found.push(each)
      else this.byFirst.set(each.content[0], [each])
    }
    for (const found of this.byFirst.values()) found.sort((a, b) => b.content.length - a.content.length)
  }

  cut(text: string): Part[] {
    const parts: Part[] = []
    let reached = 0
    for (let at = 0; at < text.length;) {
      const found = this.byFirst.get(text[at])?.find(({ content }) => text.startsWith(content, at))
      if (!found) {
        at++
        continue
      }
      const { token, content } = found
      const end = at + content.length
      if (!this.passesOver(token) && !(token.single_word && isWithinWord(text, at, end))) {
        const start = token.lstrip ? Math.max(reached, beforeBlanks(text, at)) : at
        if (reached < start) parts.push({ text: text.slice(reached, start), start: reached })
        parts.push({ token })
        // Blanks that it takes along can be a token of their own still: the search goes on behind the name.
        reached = token.rstrip ? behindBlanks(text, end) : end
      }
      at = end
    }
    if (reached < text.length) parts.push({ text: text.slice(reached), start: reached })
    return parts
  }
}

const word = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]`
const endsInWord = new RegExp(`${word}$`, 'u')
const beginsWithWord = new RegExp(`^${word}`, 'u')
const isBlank = (text: string, at: number) => /\p{White_Space}/u.test(text[at])

/** @returns whether a letter, a digit or the like stands right before or right behind; two units are a character at most */
const isWithinWord = (text: string, start: number, end: number): boolean =>
  endsInWord.test(text.slice(Math.max(0, start - 2), start)) || beginsWithWord.test(text.slice(end, end + 2))

function beforeBlanks(text: string, at: number): number {
  while (at > 0 && isBlank(text, at - 1)) at--
  return at
}

function behindBlanks(text: string, at: number): number {
  while (at < text.length && isBlank(text, at)) at++
  return at
}
