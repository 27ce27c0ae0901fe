import { disposeTree, gatherUneven, treeLeaves, type Batch, type Communicator } from '@ttt-e2e/tensor-ops'
import type { System } from '@ttt-e2e/ttt-inner'
import { finalOrder } from '../final-gradients'
import type { Optimizer } from '../optimizer'
import type { RunState } from '../run-state'
import { innerRateMultiplier } from '../schedule'
import { NonFiniteGradient, nonFiniteLoss, stepTaken, trainedOf, type StepReport } from '../train-step'
import { trainedLeaves } from '../trained-part'
import type { WalkOptions } from '../walk-batch'
import { GradientExchange } from './gradient-exchange'
import { partGradients, spanOf, type GradientParts } from './gradient-parts'
import { ReusedArrays } from './reused-arrays'
import { shardMoments, updateParts, wholeState } from './sharded-moments'
import { rowsOf, sumOverBatches } from './sum-over-batches'
import { decodeLosses, encodeLosses, type ToldLosses } from './told-losses'

/** Fewest elements of gradients that are sent at once: messages of 4 MiB hide what each costs by itself. */
const bucketElements = 1 << 20

export interface DataParallelOptions {
  /**
   * Walks each row by itself and adds up gradients in the tree of halves of the batch's rows, so that 1, 2, 4, … ranks
   * compute the same bits; without it they agree to rounding.
   */
  deterministic?: boolean
}

/**
 * Trains one run on several ranks, each of which walks its own rows of every batch. The gradients are sums that ranks add up
 * while they walk back, with the chunks that they are of, so that ranks with more chunks weigh more. A rank keeps moments of
 * its part of the parameters alone (ZeRO-1), updates that part, and all ranks get everybody's.
 *
 * All ranks make one of the same state and call its functions together. Between `begin` and `end` the state's moments are
 * this rank's part, flat.
 */
export class DataParallel {
  private readonly parts: GradientParts
  private readonly deterministic: boolean
  private readonly arrays = new ReusedArrays()

  /** @param state whose moments it cuts down to this rank's part */
  constructor(
    private readonly system: System,
    private readonly state: RunState,
    readonly communicator: Communicator,
    { deterministic = false }: DataParallelOptions = {},
  ) {
    const trained = trainedOf(state)
    const order = finalOrder(system, state.params, trainedLeaves(trained))
    this.deterministic = deterministic
    this.parts = partGradients(system, trained, order, communicator.size, bucketElements)
    this.shard()
  }

  /**
   * One outer step, as `trainStep` on the batches of all ranks together.
   *
   * @param batch this rank's rows
   * @throws NonFiniteLoss, NonFiniteGradient at all ranks; the state is then as before the step
   */
  async step(
    batch: Batch,
    optimizer: Optimizer,
    options: Pick<WalkOptions, 'checkpointEvery' | 'memoryBudget' | 'microBatch'> = {},
  ): Promise<StepReport> {
    const { system, state, communicator } = this
    const trained = trainedOf(state)
    const leaves = treeLeaves(trained)
    const exchange = new GradientExchange(communicator, this.parts, leaves, this.arrays)
    const walk = {
      ...options,
      trained,
      innerRateMultiplier: innerRateMultiplier(optimizer.schedule, state.step),
    }
    let sums: Float32Array[]
    let told: ToldLosses
    let norm: number
    let tokens: number
    try {
      const batches = this.deterministic ? rowsOf(batch) : [batch]
      const losses = await sumOverBatches(system, state.params, batches, walk, (parameters, gradients) =>
        exchange.add(parameters, gradients),
      )
      await exchange.allSent()
      // Asked for together: what is waited for makes all that travels arrive sooner.
      const [ownSums, all] = await Promise.all([
        exchange.sumsOfParts(),
        gatherUneven(communicator, [batch.batch * batch.length, ...encodeLosses(losses)]),
      ])
      sums = ownSums
      told = decodeLosses(all.map((numbers) => numbers.subarray(1)))
      tokens = all.reduce((sum, [count]) => sum + count, 0)
      norm = await this.normOf(sums, told.chunks)
    } finally {
      exchange.dispose()
    }
    if (!Number.isFinite(told.loss))
      throw nonFiniteLoss(state.step, batch.cursor, told.chunkLosses, told.chunksOf)
    if (!Number.isFinite(norm))
      throw new NonFiniteGradient(state.step, batch.cursor, await this.spoiltParameter(sums))
    const { maxNorm } = optimizer
    const factor = (norm < maxNorm ? 1 : maxNorm / norm) / told.chunks
    await updateParts(state, sums, factor, this.parts, communicator, optimizer, this.arrays)
    for (const sum of sums) this.arrays.give(sum)
    return stepTaken(system, state, optimizer, { ...told, gradientNorm: norm, tokens, cursor: batch.cursor })
  }

  /** Cuts the state's moments down again, when whole ones were put into it. */
  shard(): void {
    shardMoments(this.state, this.parts, this.communicator)
  }

  /** The state with whole moments at rank 0, undefined elsewhere; `free` its moments, the parameters stay the run's. */
  async whole(): Promise<{ state: RunState; free(): void } | undefined> {
    const state = await wholeState(this.state, this.parts, this.communicator)
    return state && { state, free: () => disposeTree([state.firstMoments, state.secondMoments]) }
  }

  /** Norm of the mean gradient, from squares that are summed in one order whatever the number of ranks. */
  private async normOf(sums: readonly Float32Array[], chunks: number): Promise<number> {
    const { buckets, firstPieces, pieces } = this.parts
    const { rank } = this.communicator
    const squares: number[] = []
    buckets.forEach(({ leaves }, b) => {
      const values = sums[b]
      const start = leaves.map((leaf) => spanOf(leaf, firstPieces, rank))
      let offset = 0
      leaves.forEach((leaf, i) => {
        for (let piece = firstPieces[rank]; piece < firstPieces[rank + 1]; piece++) {
          let square = 0
          const [from, to] = [leaf.pieces[piece] - start[i].from, leaf.pieces[piece + 1] - start[i].from]
          for (let j = offset + from; j < offset + to; j++) square += values[j] * values[j]
          squares.push(square)
        }
        offset += start[i].to - start[i].from
      })
    })
    const told = await gatherUneven(this.communicator, squares)
    const count = buckets.reduce((sum, { leaves }) => sum + leaves.length, 0)
    let total = 0
    // Piece after piece of all leaves: ranks hold equally many of each.
    for (let leaf = 0; leaf < count; leaf++)
      for (let r = 0; r < told.length; r++) {
        const own = told[r].length / count
        for (let i = 0; i < own; i++) total += told[r][leaf * own + i]
      }
    if (count * pieces !== told.reduce((sum, { length }) => sum + length, 0))
      throw new Error('the ranks cut the parameters differently')
    return Math.sqrt(total) / chunks
  }

  /** The path of the first parameter, in the order of its leaves, whose gradient is not finite; '' if all are. */
  private async spoiltParameter(sums: readonly Float32Array[]): Promise<string> {
    const { rank } = this.communicator
    const spoilt: number[] = []
    this.parts.buckets.forEach(({ leaves }, b) => {
      let end = 0
      for (const leaf of leaves) {
        const { from, to } = spanOf(leaf, this.parts.firstPieces, rank)
        if (!sums[b].subarray(end, (end += to - from)).every(Number.isFinite)) spoilt.push(leaf.index)
      }
    })
    const told = await gatherUneven(this.communicator, spoilt)
    const first = Math.min(...told.flatMap((each) => [...each]))
    return this.parts.buckets.flatMap(({ leaves }) => leaves).find(({ index }) => index === first)?.path ?? ''
  }
}
