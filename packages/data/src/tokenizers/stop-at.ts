/** Ends a text before the first of some strings, wherever the pieces it comes in are cut. */
export class StopAt {
  private held = ''
  /** Whether one of the strings came. */
  stopped = false

  constructor(private readonly strings: readonly string[]) {}

  /** @returns the text that is certain to come before a stop */
  push(text: string): string {
    if (this.stopped) return ''
    const all = this.held + text
    const found = this.strings.map((stop) => all.indexOf(stop)).filter((at) => at >= 0)
    this.stopped = found.length > 0
    const certain = this.stopped ? Math.min(...found) : all.length - this.lengthOfBeginning(all)
    this.held = this.stopped ? '' : all.slice(certain)
    return all.slice(0, certain)
  }

  /** @returns what was held back and is no stop */
  end(): string {
    const rest = this.held
    this.held = ''
    return rest
  }

  private lengthOfBeginning(text: string): number {
    const longest = Math.max(0, ...this.strings.map((stop) => stop.length - 1))
    for (let length = Math.min(longest, text.length); length > 0; length--)
      if (this.strings.some((stop) => stop.startsWith(text.slice(-length)))) return length
    return 0
  }
}
