/** Tokens that can begin a character without ending it: three of UTF-8's at most four bytes. */
const longestBeginning = 3
const replacement = '\ufffd'

/** What a stream needs of its tokenizer. */
interface Decoding {
  vocabularySize: number
  decode(tokens: ArrayLike<number>): string
}

/** Turns tokens into text as they come, and holds back those of a character that isn't complete. */
export class DecodeStream {
  private held: number[]

  constructor(
    private readonly tokenizer: Decoding,
    unfinished: readonly number[] = [],
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
    const text = this.decode(this.held)
    // The beginning of a character decodes, as a whole, to one replacement character, and belongs to none before it.
    const isBeginning = (count: number) =>
      this.decode(this.held.slice(-count)) === replacement &&
      text === this.decode(this.held.slice(0, -count)) + replacement
    let count = Math.min(longestBeginning, this.held.length)
    while (count > 0 && !isBeginning(count)) count--
    const complete = this.held.slice(0, this.held.length - count)
    this.held = this.held.slice(this.held.length - count)
    return this.decode(complete)
  }

  /** Nothing follows. @returns what was held back: a character that was never completed, as a replacement; or '' */
  end(): string {
    const text = this.decode(this.held)
    this.held = []
    return text
  }

  private decode(tokens: readonly number[]): string {
    return this.tokenizer.decode(tokens)
  }
}
