import { gradientClip } from '@ttt-e2e/kernels/ops'
import {
  disposeTree,
  read,
  tidy,
  treeEntries,
  treeSelect,
  type Batch,
  type Tensor,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import type { System } from '@ttt-e2e/ttt-inner'
import { lossesOf, type Losses } from './losses'
import type { Optimizer } from './optimizer'
import type { RunState } from './run-state'
import { innerRateMultiplier, learningRate } from './schedule'
import { sequencesOf } from './sequences'
import { updateParameters } from './update-parameters'
import { walkBatch, type WalkOptions } from './walk-batch'

export interface StepReport {
  /** Number of this step, from 0. */
  step: number
  loss: number
  /** Mean over the batch's sequences that have such a chunk, for each chunk [K]. */
  chunkLosses: Float32Array
  /** The same of the inner gradient's norm, for each chunk but a sequence's last; empty without a rule. */
  innerNorms: Float32Array
  /** Share of the inner gradients, over sequences and their chunks, that the rule's clip made shorter; 0 without a rule. */
  clippedShare: number
  /** Norm of all gradients before the clip. */
  gradientNorm: number
  learningRate: number
  /** Of the rule, else of mixers whose rate is warmed up; 0 without either. */
  innerRate: number
  /** Tokens of this step's batch. */
  tokens: number
}

/**
 * The meta-gradient of a batch, the clip, AdamW: one outer step. Replaces the tensors of `state`. Everything is read back
 * once, before the first parameter is updated.
 *
 * @throws NonFiniteLoss, NonFiniteGradient, the signal's reason; the run's state is then as before the step
 */
export async function trainStep(
  system: System,
  state: RunState,
  batch: Batch,
  optimizer: Optimizer,
  options: Omit<WalkOptions, 'innerRateMultiplier' | 'record' | 'trained'> = {},
): Promise<StepReport> {
  const multiplier = innerRateMultiplier(optimizer.schedule, state.step)
  const sequences = sequencesOf(system, batch, options.microBatch)
  const trained = trainedOf(state)
  const { told, gradients } = await walkBatch(system, state.params, sequences, {
    ...options,
    innerRateMultiplier: multiplier,
    trained,
  })
  const { norm, factor } = tidy(() => gradientClip(clipped(system, gradients), optimizer.maxNorm))
  const values = await read({ told, norm })
  disposeTree([told, norm])
  const losses = lossesOf(system, batch, sequences, values.told)
  const [gradientNorm] = values.norm
  const problem = await problemOf(state.step, batch.cursor, losses, gradientNorm, gradients)
  if (problem) {
    disposeTree([gradients, factor])
    throw problem
  }
  updateParameters(system, state, trained, gradients, factor, optimizer)
  factor.dispose()
  return stepTaken(system, state, optimizer, {
    ...losses,
    chunksOf: losses.sequences.map((sequence) => sequence.chunks),
    gradientNorm,
    tokens: batch.batch * batch.length,
    cursor: batch.cursor,
  })
}

/** Moves the state on after its tensors were replaced. @returns what the step was */
export function stepTaken(
  system: System,
  state: RunState,
  { schedule }: Optimizer,
  told: Pick<Losses, 'loss' | 'chunkLosses' | 'innerNorms'> &
    Pick<StepReport, 'gradientNorm' | 'tokens'> & { chunksOf: readonly number[]; cursor: unknown },
): StepReport {
  const { loss, chunkLosses, innerNorms, chunksOf, gradientNorm, tokens, cursor } = told
  const step = state.step++
  state.tokens += tokens
  state.cursor = cursor
  const learned = chunksOf.map((count) => count - 1)
  const rate = system.rule?.rate ?? system.decoder.innerRate ?? 0
  return {
    step,
    loss,
    chunkLosses: columnMeans(chunkLosses, chunksOf),
    innerNorms: columnMeans(innerNorms, learned).slice(0, -1),
    clippedShare: clippedShare(innerNorms, learned, system.rule?.maxNorm),
    gradientNorm,
    learningRate: learningRate(schedule, step),
    innerRate: rate * innerRateMultiplier(schedule, step),
    tokens,
  }
}

/** The gradients as they are summed up for their norm, on whose last bits the order tells: those last whose parameters don't decay. */
function clipped(system: System, gradients: TensorTree): Tensor[] {
  const undecayed = new Set(system.decoder.undecayed)
  const entries = treeEntries(gradients)
  const those = (decay: boolean) => entries.filter(([path]) => undecayed.has(path) !== decay)
  return [...those(true), ...those(false)].map(([, leaf]) => leaf)
}

/** The parameters that have moments. */
export function trainedOf({ params, firstMoments }: RunState): TensorTree {
  const paths = new Set(treeEntries(firstMoments).map(([path]) => path))
  return treeSelect(params, (path) => paths.has(path))
}

async function problemOf(
  step: number,
  cursor: unknown,
  { loss, chunkLosses, sequences }: Losses,
  gradientNorm: number,
  gradients: TensorTree,
): Promise<Error | undefined> {
  const chunksOf = sequences.map((sequence) => sequence.chunks)
  if (!Number.isFinite(loss)) return nonFiniteLoss(step, cursor, chunkLosses, chunksOf)
  if (Number.isFinite(gradientNorm)) return undefined
  const named = treeEntries(gradients)
  const values = await read(named.map(([, leaf]): Tensor => leaf))
  const spoilt = values.findIndex((each) => !each.every(Number.isFinite))
  return new NonFiniteGradient(step, cursor, spoilt >= 0 ? named[spoilt][0] : '')
}

/** @param chunkLosses [N, K] @param chunksOf each sequence */
export function nonFiniteLoss(
  step: number,
  cursor: unknown,
  chunkLosses: Float32Array,
  chunksOf: readonly number[],
): NonFiniteLoss {
  const means = columnMeans(chunkLosses, chunksOf)
  return new NonFiniteLoss(
    step,
    cursor,
    means.findIndex((mean) => !Number.isFinite(mean)),
  )
}

/** The loss of a step is NaN or infinite; the run's state is as before the step. */
export class NonFiniteLoss extends Error {
  override name = 'NonFiniteLoss'
  constructor(
    readonly step: number,
    /** Where the data goes on after the batch of that step. */
    readonly cursor: unknown,
    readonly chunk: number,
  ) {
    super(`the loss of step ${step + 1} is not finite, first in chunk ${chunk + 1} of its sequences`)
  }
}

/** A gradient of a step is NaN or infinite though the loss isn't; the run's state is as before the step. */
export class NonFiniteGradient extends Error {
  override name = 'NonFiniteGradient'
  constructor(
    readonly step: number,
    readonly cursor: unknown,
    readonly parameter: string,
  ) {
    super(`the gradient of step ${step + 1} is not finite, first in ${parameter || 'its norm'}`)
  }
}

/** @param norms [N, K] @param counts how many of each row's chunks were learned from */
function clippedShare(norms: Float32Array, counts: readonly number[], maxNorm = Infinity): number {
  const columns = norms.length / counts.length
  const all = counts.reduce((sum, count) => sum + Math.max(0, count), 0)
  const clipped = counts.reduce((sum, count, n) => {
    const row = norms.subarray(n * columns, n * columns + count)
    return sum + row.filter((norm) => norm > maxNorm).length
  }, 0)
  return all === 0 ? 0 : clipped / all
}

/** Means of the columns of [N, K] over the rows that reach them. @param counts how many columns each row has */
function columnMeans(values: Float32Array, counts: readonly number[]): Float32Array {
  const columns = values.length / counts.length
  const means = new Float32Array(columns)
  for (let k = 0; k < columns; k++) {
    const rows = counts.reduce((sum, count) => sum + (count > k ? 1 : 0), 0)
    counts.forEach((count, n) => {
      if (count > k) means[k] += values[n * columns + k] / rows
    })
  }
  return means
}
