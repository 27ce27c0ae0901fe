/**
 * A judge of bytes that has nothing to do with what it judges: an interpolated n-gram model (Witten and Bell 1991), counted
 * on training text. Counts are kept by hashes, so that rare contexts may share one.
 */
export class Judge {
  private readonly orders: Counts[]

  /** @param order bytes that it looks back */
  constructor(
    order = 5,
    private readonly symbols = 257,
  ) {
    this.orders = Array.from({ length: order + 1 }, () => new Counts())
  }

  /** Counts a text. */
  learn(tokens: ArrayLike<number>): void {
    for (let i = 0; i < tokens.length; i++)
      for (const [order, counts] of this.orders.entries())
        if (i >= order) counts.add(contextOf(tokens, i, order), tokens[i])
  }

  /** @returns nats of each token given those before it */
  nats(tokens: ArrayLike<number>): Float64Array {
    return Float64Array.from({ length: tokens.length }, (_, i) => {
      let probability = 1 / this.symbols
      for (const [order, counts] of this.orders.entries()) {
        if (i < order) break
        probability = counts.mix(contextOf(tokens, i, order), tokens[i], probability)
      }
      return -Math.log(probability)
    })
  }
}

const slots = 1 << 22

/** Counts of one order. */
class Counts {
  private readonly pairs = new Uint16Array(slots)
  private readonly totals = new Uint32Array(slots)
  private readonly kinds = new Uint16Array(slots)

  add(context: number, token: number): void {
    const [at, pair] = [slot(context), slot(hash(context, token))]
    if (this.pairs[pair] === 0 && this.kinds[at] < 65535) this.kinds[at]++
    if (this.pairs[pair] === 65535) return
    this.pairs[pair]++
    this.totals[at]++
  }

  /** The probability of a token, mixed with a shorter context's as the number of different followers says. */
  mix(context: number, token: number, shorter: number): number {
    const [at, pair] = [slot(context), slot(hash(context, token))]
    const [total, kinds] = [this.totals[at], this.kinds[at]]
    if (total === 0) return shorter
    // Colliding pairs may count more than their context does.
    const count = Math.min(this.pairs[pair], total)
    return (count + kinds * shorter) / (total + kinds)
  }
}

const hash = (state: number, token: number) => Math.imul(state ^ (token + 1), 0x01000193)
const slot = (state: number) => (Math.imul(state, 0x9e3779b1) >>> 0) & (slots - 1)

function contextOf(tokens: ArrayLike<number>, end: number, order: number): number {
  let state = 0x811c9dc5
  for (let i = end - order; i < end; i++) state = hash(state, tokens[i])
  return state
}
