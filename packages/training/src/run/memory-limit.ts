import { treeLeaves, treeSize, type TensorTree } from '@ttt-e2e/tensor-ops'
import { TrainingError } from '../training-error'

/** What is left free of the memory that a run may take: what the process holds beside tensors comes and goes. */
const spare = 0.03

/** Bytes resident in this process at its fullest so far. */
const peakNow = () => process.resourceUsage().maxRSS * 1024

/**
 * Keeps the process of a run within a size: says how many bytes a step's walk may hold. The first step is given a quarter of
 * what is free beside weights, moments and gradients; what it took at its fullest tells what the rest of a step takes, so
 * that the next ones may hold half of what is left, and so on; past the limit less by what was too much. What one step takes
 * isn't known before it: the limit is aimed at, and a run may end above it. The numbers are the same bits whatever is held.
 */
export class MemoryLimit {
  private budget: number
  private peak = 0

  /**
   * @param limit bytes of the whole process
   * @param trained the parameters that have gradients
   * @param peakOf tells the process's fullest so far, in bytes
   * @throws TrainingError where weights, moments and gradients alone take more
   */
  constructor(
    private readonly limit: number,
    trained: TensorTree,
    private readonly peakOf: () => number = peakNow,
    resident = process.memoryUsage.rss(),
  ) {
    const gradients = 4 * treeSize(trained)
    // AdamW makes one parameter and its moments anew while those from before are there.
    const largest = 4 * Math.max(...treeLeaves(trained).map(({ size }) => size))
    const least = resident + gradients + 3 * largest
    if (least > this.most)
      throw new TrainingError(
        `--memory ${inGB(limit)} is too little: weights, moments, gradients and their update take ${inGB(least)} without ` +
          `any sequence; give more, or train a part: --set training.trains=prime`,
      )
    this.budget = (this.most - resident - gradients) / 4
  }

  private get most(): number {
    return this.limit * (1 - spare)
  }

  /** For the next step. */
  next(): number {
    const peak = this.peakOf()
    // A peak of before the first step says nothing, and one that was there already nothing new.
    if (this.peak > 0 && peak > this.peak) {
      const left = this.most - peak
      // More that is kept makes pulling it back larger, too.
      this.budget = Math.max(1, this.budget + (left > 0 ? left / 2 : left))
    }
    this.peak = Math.max(this.peak, peak)
    return this.budget
  }
}

const inGB = (bytes: number) => `${(bytes / 1e9).toPrecision(2)}GB`
