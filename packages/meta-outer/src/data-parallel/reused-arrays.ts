/**
 * Arrays that are used again, step after step: the pages of a new one cost more than the values that travel in it. As many are
 * kept as were in use at a time.
 */
export class ReusedArrays {
  private readonly free: Float32Array[] = []

  /** An array of this length, with any values; the smallest that holds them. */
  take(length: number): Float32Array {
    let best = -1
    this.free.forEach((array, i) => {
      if (array.length >= length && (best < 0 || array.length < this.free[best].length)) best = i
    })
    const whole = best < 0 ? new Float32Array(length) : this.free.splice(best, 1)[0]
    return whole.subarray(0, length)
  }

  /** Takes back what it gave, which nobody reads any more. */
  give(array: Float32Array): void {
    this.free.push(new Float32Array(array.buffer as ArrayBuffer))
  }
}
