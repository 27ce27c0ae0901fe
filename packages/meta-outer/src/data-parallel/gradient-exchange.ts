import { disposeTree, readInto, type Communicator, type Tensor } from '@ttt-e2e/tensor-ops'
import { placesOf, sizeOf, type Bucket, type GradientParts } from './gradient-parts'
import type { ReusedArrays } from './reused-arrays'

/**
 * Adds up gradients over the ranks while the walk back goes on: a bucket is sent when its last gradient is final. Buckets are
 * sent in one order at all ranks, that of the parts.
 */
export class GradientExchange {
  private readonly waiting = new Map<Tensor, Tensor>()
  private readonly sums: Promise<Float32Array>[] = []
  private sent: Promise<void> = Promise.resolve()

  /** @param leaves the parameters, by their index */
  constructor(
    private readonly communicator: Communicator,
    private readonly parts: GradientParts,
    private readonly leaves: readonly Tensor[],
    private readonly arrays: ReusedArrays,
  ) {}

  /** Takes over the gradients of parameters, which are final. */
  add(parameters: readonly Tensor[], gradients: readonly Tensor[]): void {
    parameters.forEach((parameter, i) => this.waiting.set(parameter, gradients[i]))
    for (let next = this.nextBucket(); next; next = this.nextBucket()) this.send(next)
  }

  /** Resolves when all that was added is on its way: other operations of the ranks may follow then. */
  allSent(): Promise<void> {
    return this.sent
  }

  /** This rank's part of the sum of each bucket, when all gradients were added; arrays of the reused ones. */
  sumsOfParts(): Promise<Float32Array[]> {
    return Promise.all(this.sums)
  }

  /** Frees what was not sent. */
  dispose(): void {
    disposeTree([...this.waiting.values()])
    this.waiting.clear()
  }

  private nextBucket(): Bucket | undefined {
    const bucket = this.parts.buckets[this.sums.length]
    return bucket?.leaves.every(({ index }) => this.waiting.has(this.leaves[index])) ? bucket : undefined
  }

  private send(bucket: Bucket): void {
    const gradients = bucket.leaves.map(({ index }) => {
      const leaf = this.leaves[index]
      const gradient = this.waiting.get(leaf)!
      this.waiting.delete(leaf)
      return gradient
    })
    const { arrays, communicator } = this
    const all = arrays.take(sizeOf(bucket))
    const values = readInto(gradients, placesOf(bucket, this.parts.firstPieces, all))
    // Values may come in any order: what is sent goes in the buckets'.
    const before = this.sent
    const begun = (async () => {
      await before
      await values
      disposeTree(gradients)
      const part = arrays.take(bucket.counts[communicator.rank])
      const sum = communicator.reduceScatter(all, bucket.counts, part)
      return { sum: sum.finally(() => arrays.give(all)) }
    })()
    this.sent = begun.then(() => undefined)
    this.sums.push(begun.then(({ sum }) => sum))
  }
}
