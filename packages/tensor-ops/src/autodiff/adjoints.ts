import { tf, type Tensor } from '../tf'

/** Sums the gradients that reach each tensor and frees each sum as soon as it has been passed on. */
export class Adjoints {
  private readonly sums = new Map<number, Tensor>()
  /** In how many sums a tensor object stands: a gradient function may return its cotangent itself. */
  private readonly uses = new Map<Tensor, number>()
  private readonly lent = new Set<Tensor>()

  lend(id: number, cotangent: Tensor): void {
    this.lent.add(cotangent)
    this.add(id, cotangent)
  }
  has(id: number): boolean {
    return this.sums.has(id)
  }
  get(id: number): Tensor | undefined {
    return this.sums.get(id)
  }
  add(id: number, gradient: Tensor): void {
    const sum = this.sums.get(id)
    const next = sum === undefined ? gradient : tf.add(sum, gradient)
    if (sum !== undefined) {
      this.release(id)
      if (!this.uses.has(gradient) && !this.lent.has(gradient)) gradient.dispose()
    }
    this.sums.set(id, next)
    this.uses.set(next, (this.uses.get(next) ?? 0) + 1)
  }
  release(id: number): void {
    const sum = this.sums.get(id)
    if (sum === undefined) return
    this.sums.delete(id)
    const uses = this.uses.get(sum)! - 1
    if (uses > 0) this.uses.set(sum, uses)
    else {
      this.uses.delete(sum)
      if (!this.lent.has(sum)) sum.dispose()
    }
  }
  /** The sum as a tensor of its own. */
  take(id: number): Tensor | undefined {
    const sum = this.sums.get(id)
    if (sum === undefined) return undefined
    return this.lent.has(sum) || this.uses.get(sum)! > 1 ? tf.clone(sum) : sum
  }
}
