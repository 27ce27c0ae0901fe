import type { StepReport } from '@ttt-e2e/meta-outer'
import { engineMemory } from '@ttt-e2e/tensor-ops'
import type { HeldOutLoss } from '../evaluate'

/**
 * What is known of a training step. `step` counts the steps taken: 1 after the first. What may be left out is in no run
 * from before it was written down.
 */
export interface StepLine {
  kind: 'step'
  step: number
  loss: number
  /** Mean over the batch in the first and in the last chunk of the sequences. */
  firstChunk: number
  lastChunk: number
  gradientNorm: number
  /** Mean norm of the inner gradients; 0 where nothing learns. */
  innerNorm: number
  learningRate: number
  innerRate: number
  /** Mean over the batch in the first, second, … eighth of the chunks; of fewer chunks, in each of them. */
  byEighth?: number[]
  /** Share of the inner gradients that were clipped; 0 where nothing learns. */
  clippedShare?: number
  /** Tokens of the batch. */
  tokens?: number
  /** Wall time of the step. */
  seconds: number
  /** Bytes after the step: of the whole process, and those that the engine has taken from the system or the device. */
  residentBytes?: number
  engineBytes?: number
  /** The step's rate as a share of the machine's rate of large products, by the count of its operations; where that is known. */
  flopShare?: number
  /** When it was written, in seconds since 1970. */
  at?: number
}

/** The losses of the held-out documents after so many steps. */
export interface HeldOutLine extends HeldOutLoss {
  kind: 'held-out'
  step: number
  at?: number
}

/** Numbers that weren't finite ended the run after so many steps; taken back when it goes on. */
export interface FailedLine {
  kind: 'failed'
  step: number
  reason: string
  at?: number
}

/** A line of metrics.jsonl. */
export type MetricsLine = StepLine | HeldOutLine | FailedLine

/**
 * The line of a training step.
 *
 * @param seconds wall time of the step
 * @param limit what its rate is held against, where that is known
 */
export function stepLine(report: StepReport, seconds: number, limit?: FlopLimit): StepLine {
  const { chunkLosses, innerNorms, tokens } = report
  return {
    kind: 'step',
    step: report.step + 1,
    loss: report.loss,
    firstChunk: chunkLosses[0],
    lastChunk: chunkLosses[chunkLosses.length - 1],
    gradientNorm: report.gradientNorm,
    innerNorm: mean(innerNorms),
    learningRate: report.learningRate,
    innerRate: report.innerRate,
    byEighth: byEighth(chunkLosses),
    clippedShare: report.clippedShare,
    tokens,
    seconds,
    residentBytes: process.memoryUsage.rss(),
    engineBytes: engineMemory().reserved,
    ...(limit && { flopShare: (limit.flopsPerToken * tokens) / seconds / limit.flopsPerSecond }),
    at: secondsNow(),
  }
}

/** What a step's rate is held against. */
export interface FlopLimit {
  /** Operations of the machine's large products. */
  flopsPerSecond: number
  /** Those of the training of one token, by count. */
  flopsPerToken: number
}

/** Seconds since 1970, to the millisecond. */
export const secondsNow = () => Date.now() / 1000

/** Means of eight equal parts of the chunks; borders that fall within a chunk are those before it. */
function byEighth(chunkLosses: Float32Array): number[] {
  const count = chunkLosses.length
  const parts = Math.min(8, count)
  const border = (i: number) => Math.floor((i * count) / parts)
  return Array.from({ length: parts }, (_, i) => mean(chunkLosses.subarray(border(i), border(i + 1))))
}

const mean = (values: Float32Array) =>
  values.length === 0 ? 0 : values.reduce((sum, x) => sum + x, 0) / values.length
