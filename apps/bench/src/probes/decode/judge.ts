/**
 * A judge of bytes that has nothing to do with what it judges: an interpolated n-gram model (Witten and Bell 1991), counted
 * on training text.
 */
export class Judge {
  private readonly orders: Counts[]

  /** @param order bytes that it looks back */
  constructor(
    order = 5,
    private readonly symbols = 257,
  ) {
    if (symbols ** (order + 1) > Number.MAX_SAFE_INTEGER)
      throw new RangeError(`${order + 1} of ${symbols} symbols are more than a number can tell apart`)
    this.orders = Array.from({ length: order + 1 }, () => new Counts())
  }

  /** Counts a text. */
  learn(tokens: ArrayLike<number>): void {
    for (let i = 0; i < tokens.length; i++)
      for (const [order, counts] of this.orders.entries())
        if (i >= order) counts.add(...this.at(tokens, i, order))
  }

  /** @returns nats of each token given those before it */
  nats(tokens: ArrayLike<number>): Float64Array {
    return Float64Array.from({ length: tokens.length }, (_, i) => {
      let probability = 1 / this.symbols
      for (const [order, counts] of this.orders.entries()) {
        if (i < order) break
        probability = counts.mix(...this.at(tokens, i, order), probability)
      }
      return -Math.log(probability)
    })
  }

  /** The symbols before a place, and these with the one there, each as a number of its own. */
  private at(tokens: ArrayLike<number>, end: number, order: number): [context: number, pair: number] {
    let context = 0
    for (let i = end - order; i < end; i++) context = context * this.symbols + tokens[i]
    return [context, context * this.symbols + tokens[end]]
  }
}

/** Counts of one order. */
class Counts {
  private readonly pairs = new Map<number, number>()
  private readonly totals = new Map<number, number>()
  /** How many different symbols follow a context. */
  private readonly kinds = new Map<number, number>()

  add(context: number, pair: number): void {
    const seen = this.pairs.get(pair) ?? 0
    if (seen === 0) this.kinds.set(context, (this.kinds.get(context) ?? 0) + 1)
    this.pairs.set(pair, seen + 1)
    this.totals.set(context, (this.totals.get(context) ?? 0) + 1)
  }

  /** The probability of what ends a pair, mixed with a shorter context's as the number of different followers says. */
  mix(context: number, pair: number, shorter: number): number {
    const total = this.totals.get(context)
    if (total === undefined) return shorter
    const kinds = this.kinds.get(context)!
    return ((this.pairs.get(pair) ?? 0) + kinds * shorter) / (total + kinds)
  }
}
