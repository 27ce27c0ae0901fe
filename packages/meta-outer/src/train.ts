import type { Batch } from '@ttt-e2e/tensor-ops'
import type { System } from '@ttt-e2e/ttt-inner'
import type { DataParallel } from './data-parallel/data-parallel'
import type { MetaGradientOptions } from './meta-gradient'
import type { Optimizer } from './optimizer'
import type { RunState } from './run-state'
import { trainStep, type StepReport } from './train-step'

export interface TrainOptions extends Pick<MetaGradientOptions, 'checkpointEvery' | 'microBatch' | 'signal'> {
  /** See `WalkOptions`; a function is asked before each step. */
  memoryBudget?: number | (() => number)
  system: System
  /** Where the run stands; each step moves it on. Save it between two reports to go on from there later. */
  state: RunState
  /** Batches from the position of `state.cursor` on. */
  data: AsyncIterable<Batch>
  optimizer: Optimizer
  /** The ranks that train together, made of the same state; `data` are then this rank's rows. */
  ranks?: DataParallel
}

/**
 * The training loop: one report after each outer step, until the schedule's steps are done, the data ends, or the
 * signal aborts. An abort ends the loop without an error after the last whole step: `state` can be saved and resumed.
 *
 * @throws NonFiniteLoss
 */
export async function* train(options: TrainOptions): AsyncGenerator<StepReport, void, void> {
  const { system, state, data, optimizer, signal, ranks, memoryBudget, ...others } = options
  // What stops one rank in the middle of a step would leave the others waiting: a signal is heeded after it.
  const step = (batch: Batch) => {
    const budget = typeof memoryBudget === 'function' ? memoryBudget() : memoryBudget
    const rest = { ...others, ...(budget !== undefined && { memoryBudget: budget }) }
    return ranks
      ? ranks.step(batch, optimizer, rest)
      : trainStep(system, state, batch, optimizer, { ...rest, signal })
  }
  if (state.step >= optimizer.schedule.steps || signal?.aborted) return
  try {
    for await (const batch of data) {
      yield await step(batch)
      if (state.step >= optimizer.schedule.steps || signal?.aborted) return
    }
  } catch (error) {
    if (!signal?.aborted || error !== signal.reason) throw error
  }
}
