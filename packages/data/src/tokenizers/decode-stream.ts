/**
 * Tokens that are held back at the most: of a row of characters, as emoji joined to one, each may begin in one token and end
 * in the next, so that none of the tokens ends where a character does.
 */
export const longestUnfinished = 64
const replacement = '\ufffd'

/** What a stream needs of its tokenizer. */
interface Decoding {
  vocabularySize: number
  decode(tokens: ArrayLike<number>): string
}

/**
 * Turns tokens into text as they come, and holds back those of a character that isn't complete: the token in which it
 * begins, with what stands before it there, and those that follow.
 */
export class DecodeStream {
  private held: number[]
  private begun = false

  /** @param fromStart what is made of the text's beginning, before anything else was given out */
  constructor(
    private readonly tokenizer: Decoding,
    unfinished: readonly number[] = [],
    private readonly fromStart: (text: string) => string = (text) => text,
  ) {
    this.held = [...unfinished]
  }

  /** The tokens held back. */
  get unfinished(): readonly number[] {
    return this.held
  }

  /** @returns the text that is complete with this token; '' where none is */
  push(token: number): string {
    // A vocabulary may be larger than its tokenizer: such a token has no text.
    if (token >= this.tokenizer.vocabularySize) return this.end() + replacement
    this.held.push(token)
    const text = this.tokenizer.decode(this.held)
    let count = text.endsWith(replacement) ? Math.min(longestUnfinished, this.held.length) : 0
    while (count > 0 && !this.isBeginning(count, text)) count--
    const complete = this.held.slice(0, this.held.length - count)
    this.held = this.held.slice(this.held.length - count)
    return this.given(complete)
  }

  /** Nothing follows. @returns what was held back: a character that was never completed, as a replacement; or '' */
  end(): string {
    const tokens = this.held
    this.held = []
    return this.given(tokens)
  }

  /**
   * Whether the last tokens held are the beginning of a character, after text that is complete: they decode to that and
   * one replacement character, and belong to none before them.
   */
  private isBeginning(count: number, all: string): boolean {
    const last = this.tokenizer.decode(this.held.slice(-count))
    return (
      last.indexOf(replacement) === last.length - 1 &&
      all === this.tokenizer.decode(this.held.slice(0, -count)) + last
    )
  }

  private given(tokens: readonly number[]): string {
    const text = this.tokenizer.decode(tokens)
    if (this.begun || text === '') return text
    this.begun = true
    return this.fromStart(text)
  }
}
