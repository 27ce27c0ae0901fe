import { adamw } from '@ttt-e2e/kernels/ops'
import { disposeTree, tf, treeEntries, treeLeaves, treeWithLeaves } from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import type { Batch } from './batch'
import { metaGradient, type MetaGradientOptions } from './meta-gradient'
import type { RunState } from './run-state'
import { innerRateMultiplier, learningRate, type Schedule } from './schedule'

export interface Optimizer {
  schedule: Schedule
  beta1: number
  beta2: number
  epsilon: number
  /** Decoupled, on every parameter, times the learning rate. */
  weightDecay: number
  /** The global norm of the gradients is clipped to this before the moments. */
  maxNorm: number
}

/** AdamW as published: β 0.9 and 0.95, ε 1e-8, weight decay 0.1, clip at 1. */
export const standardOptimizer = (schedule: Schedule): Optimizer => ({
  schedule,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  maxNorm: 1,
})

export interface StepReport {
  /** Number of this step, from 0. */
  step: number
  loss: number
  /** Mean over the batch's sequences that have such a chunk, for each chunk [K]. */
  chunkLosses: Float32Array
  /** The same of the inner gradient's norm, for each chunk but a sequence's last; empty without a rule. */
  innerNorms: Float32Array
  /** Norm of all gradients before the clip. */
  gradientNorm: number
  learningRate: number
  /** Of the rule, else of mixers whose rate is warmed up; 0 without either. */
  innerRate: number
  /** Tokens of this step's batch. */
  tokens: number
}

/** The meta-gradient of a batch, the clip, AdamW: one outer step. Replaces the tensors of `state`. */
export async function trainStep(
  system: System,
  state: RunState,
  batch: Batch,
  optimizer: Optimizer,
  options: Omit<MetaGradientOptions, 'innerRateMultiplier' | 'record'> = {},
): Promise<StepReport> {
  const { schedule, ...adam } = optimizer
  const rate = learningRate(schedule, state.step)
  const multiplier = innerRateMultiplier(schedule, state.step)
  const result = await metaGradient(system, state.params, batch, {
    ...options,
    innerRateMultiplier: multiplier,
  })
  const chunks = result.sequences.map((sequence) => sequence.chunks)
  if (!Number.isFinite(result.loss)) {
    disposeTree(result.gradients)
    const means = columnMeans(result.chunkLosses, chunks)
    throw new NonFiniteLoss(
      state.step,
      means.findIndex((loss) => !Number.isFinite(loss)),
    )
  }
  const updated = tf.tidy(() => {
    const trees = [state.params, result.gradients, state.firstMoments, state.secondMoments]
    const { order, undecayed } = decayedFirst(system, state.params)
    const [params, gradients, first, second] = trees.map((tree) => inOrder(treeLeaves(tree), order))
    const updated = adamw(params, gradients, first, second, {
      ...adam,
      learningRate: rate,
      step: state.step + 1,
      undecayed,
    })
    const back = order.map((_, i) => order.indexOf(i))
    return {
      norm: updated.norm,
      parameters: inOrder(updated.parameters, back),
      firstMoments: inOrder(updated.firstMoments, back),
      secondMoments: inOrder(updated.secondMoments, back),
    } as never
  }) as ReturnType<typeof adamw>
  const gradientNorm = updated.norm.dataSync()[0]
  if (!Number.isFinite(gradientNorm)) {
    const [path] = treeEntries(result.gradients).find(
      ([, leaf]) => !leaf.dataSync().every(Number.isFinite),
    ) ?? ['']
    disposeTree([...Object.values(updated).flat(), result.gradients])
    throw new NonFiniteGradient(state.step, path)
  }
  const before = [state.params, state.firstMoments, state.secondMoments]
  state.params = treeWithLeaves(state.params, updated.parameters)
  state.firstMoments = treeWithLeaves(state.firstMoments, updated.firstMoments)
  state.secondMoments = treeWithLeaves(state.secondMoments, updated.secondMoments)
  disposeTree([...before, result.gradients, updated.norm])
  const step = state.step++
  const tokens = batch.batch * batch.length
  state.tokens += tokens
  state.cursor = batch.cursor
  return {
    step,
    loss: result.loss,
    chunkLosses: columnMeans(result.chunkLosses, chunks),
    innerNorms: columnMeans(
      result.innerNorms,
      chunks.map((count) => count - 1),
    ).slice(0, -1),
    gradientNorm,
    learningRate: rate,
    innerRate: (system.rule?.rate ?? system.decoder.innerRate ?? 0) * multiplier,
    tokens,
  }
}

/** The order of the parameters in which those that don't decay come last. */
function decayedFirst(system: System, params: Params): { order: number[]; undecayed: number } {
  const spared = new Set(system.decoder.undecayed)
  const decays = treeEntries(params).map(([path]) => !spared.has(path))
  const indexes = decays.map((_, i) => i)
  const order = [...indexes.filter((i) => decays[i]), ...indexes.filter((i) => !decays[i])]
  return { order, undecayed: decays.filter((each) => !each).length }
}

const inOrder = <T>(values: readonly T[], order: readonly number[]): T[] => order.map((i) => values[i])

/** The loss of a step is NaN or infinite; the run's state is as before the step. */
export class NonFiniteLoss extends Error {
  override name = 'NonFiniteLoss'
  constructor(
    readonly step: number,
    readonly chunk: number,
  ) {
    super(`the loss of step ${step} is not finite, first in chunk ${chunk} of its sequences`)
  }
}

/** A gradient of a step is NaN or infinite though the loss isn't; the run's state is as before the step. */
export class NonFiniteGradient extends Error {
  override name = 'NonFiniteGradient'
  constructor(
    readonly step: number,
    readonly parameter: string,
  ) {
    super(`the gradient of step ${step} is not finite, first in ${parameter || 'its norm'}`)
  }
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
