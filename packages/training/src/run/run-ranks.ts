import { DataParallel } from '@ttt-e2e/meta-outer'
import { alone, gatherUneven, shareOf, type Communicator } from '@ttt-e2e/tensor-ops'
import { TrainingError } from '../training-error'
import type { Run } from './run'

export interface RankOptions {
  /** The processes that train the run together, this one among them; this one alone where left out. */
  communicator?: Communicator
  /** See `DataParallelOptions`. */
  deterministic?: boolean
}

/** What the ranks of a run do together: the first one writes and decides, and all stop after the same step. */
export class RunRanks {
  readonly communicator: Communicator
  /** Undefined where a process trains by itself. */
  readonly parallel?: DataParallel
  /** Aborted at all ranks after the same step, when it is at one of them. */
  readonly signal: AbortSignal
  private readonly stop = new AbortController()

  /**
   * @param given aborted at this rank @param run whose moments become this rank's part
   * @throws TrainingError for more ranks than sequences, or a tree that can't be halved
   */
  constructor(
    { system, state, recipe }: Run,
    { communicator = alone, deterministic = false }: RankOptions,
    private readonly given: AbortSignal,
  ) {
    this.communicator = communicator
    const { size } = communicator
    const { batch } = recipe.training
    if (size > batch)
      throw new TrainingError(
        `training.batch is ${batch}: each of the ${size} ranks takes a sequence at least; start as many ranks at the most`,
      )
    if (deterministic && !Number.isInteger(Math.log2(size)))
      throw new TrainingError(
        `--deterministic sums in a tree of halves, so that the ranks must be 1, 2, 4, 8, …; there are ${size}`,
      )
    if (size > 1 || deterministic)
      this.parallel = new DataParallel(system, state, communicator, { deterministic })
    this.signal = this.parallel ? this.stop.signal : given
  }

  get isFirst(): boolean {
    return this.communicator.rank === 0
  }

  /** The rows of a batch that this rank reads. */
  rowsOf(batch: number): { from: number; to: number } {
    return shareOf(batch, this.communicator)
  }

  /** The first rank's answer, at all of them. */
  async decide(answer: boolean): Promise<boolean> {
    const [decided] = await this.communicator.broadcast(Float32Array.of(Number(answer)))
    return decided !== 0
  }

  /** Stops all ranks where one was told to. */
  async heedSignals(): Promise<void> {
    if (!this.parallel) return
    const told = await gatherUneven(this.communicator, [Number(this.given.aborted)])
    if (told.some(([aborted]) => aborted !== 0)) this.stop.abort()
  }
}
