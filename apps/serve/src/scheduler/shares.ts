/**
 * Shares work among kinds of it, so that each that waits gets as many tokens as any other: the one that had fewest goes
 * next, and one that comes back has had what those had that waited meanwhile (start-time fair queueing, Goyal et al. 1996).
 */
export class Shares<Kind extends string> {
  private readonly had: Map<Kind, number>
  /** What the kind that went last had had before. */
  private clock = 0

  /** @param kinds of those that had equally much the first goes first */
  constructor(private readonly kinds: readonly Kind[]) {
    this.had = new Map(kinds.map((kind) => [kind, 0]))
  }

  /** A kind that nobody waited for is waited for again. */
  comeBack(kind: Kind): void {
    this.had.set(kind, Math.max(this.had.get(kind)!, this.clock))
  }

  /** @param waiting one kind at least @returns whose turn it is */
  next(waiting: (kind: Kind) => boolean): Kind {
    const [next] = this.kinds.filter(waiting).toSorted((a, b) => this.had.get(a)! - this.had.get(b)!)
    this.clock = this.had.get(next)!
    return next
  }

  spend(kind: Kind, tokens: number): void {
    this.had.set(kind, this.had.get(kind)! + tokens)
  }
}
