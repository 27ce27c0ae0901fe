/** Of a token that is e to this power less likely than another, steps that lie between them. */
const stepsPerNat = 8
const steps = 64 * stepsPerNat

/** Some tokens, and what they weigh together. */
export interface Taken {
  count: number
  weight: number
}

/**
 * Tokens from the likeliest on, equally likely ones by their number. They are shared out to steps by their likelihood, and
 * only the steps in which it matters are put in order: of a large vocabulary nearly all are just summed.
 */
export class ByWeight {
  private readonly stepOf: Uint16Array
  private readonly counts = new Int32Array(steps + 1)
  private readonly sums = new Float64Array(steps + 1)
  readonly all: Taken

  /**
   * @param logits [V]
   * @param highest the token of the largest
   * @param minP tokens that weigh less are none; the likeliest one weighs 1
   */
  constructor(
    private readonly logits: Float32Array,
    private readonly highest: number,
    private readonly temperature: number,
    minP: number,
  ) {
    const { counts, sums } = this
    const size = logits.length
    const most = logits[highest]
    this.stepOf = new Uint16Array(size)
    for (let token = 0; token < size; token++) {
      const nats = (most - logits[token]) / temperature
      const weight = Math.exp(-nats)
      // Behind the last step what weighs nothing, or is no number.
      const step = weight >= minP && weight > 0 ? Math.min(steps - 1, Math.trunc(nats * stepsPerNat)) : steps
      this.stepOf[token] = step
      counts[step]++
      sums[step] += weight
    }
    this.all = { count: 0, weight: 0 }
    for (let step = 0; step < steps; step++) {
      this.all.count += counts[step]
      this.all.weight += sums[step]
    }
  }

  /**
   * Takes tokens from the likeliest on: one, and more until their weights are enough or there are `most` of them.
   *
   * @returns them, with the last one
   */
  take(most: number, enough: (weight: number) => boolean): Taken & { last: number } {
    let taken = { count: 0, weight: 0, last: this.highest }
    let whole: number | undefined
    for (let step = 0; step < steps && taken.count < most; step++) {
      if (this.counts[step] === 0) continue
      const count = taken.count + this.counts[step]
      const weight = taken.weight + this.sums[step]
      if (count <= most && !enough(weight)) {
        taken = { count, weight, last: taken.last }
        whole = step
        continue
      }
      for (const token of this.inOrder(step)) {
        taken = { count: taken.count + 1, weight: taken.weight + this.weightOf(token), last: token }
        if (enough(taken.weight) || taken.count === most) return taken
      }
      // Sums in another order may be a little less.
      whole = undefined
    }
    return whole === undefined ? taken : { ...taken, last: this.inOrder(whole).at(-1)! }
  }

  private weightOf(token: number): number {
    return Math.exp(-(this.logits[this.highest] - this.logits[token]) / this.temperature)
  }

  /** Tokens of a step. */
  private inOrder(step: number): number[] {
    const { stepOf, logits } = this
    const tokens: number[] = []
    for (let token = stepOf.indexOf(step); token >= 0; token = stepOf.indexOf(step, token + 1))
      tokens.push(token)
    return tokens.sort((a, b) => logits[b] - logits[a] || a - b)
  }
}
