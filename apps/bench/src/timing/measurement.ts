import type { SpeedSizeName } from './sizes'
import { median } from '../statistics'
import type { Samples } from './interleave'

/** What was timed. */
export type Work = 'training step' | 'reading' | 'reading and learning' | 'decoding' | 'decoding and learning'

/** How fast a system does a piece of work. */
export interface Speed {
  size: SpeedSizeName
  system: string
  work: Work
  batch: number
  /** Tokens of a sequence; for decoding those read before. */
  length: number
  parameters: number
  /** Tokens of all sequences in one run. */
  tokens: number
  /** Medians. */
  tokensPerSecond: number
  seconds: number
  cpuSeconds: number
  samples: Samples
  /** By the count from the shapes; absent where the time is not that of products. */
  flopsPerToken?: number
  /** Median of the matrix products that ran in turn with it. */
  peakFlopsPerSecond: number
  /** Tokens per second ÷ those of a machine that does nothing but the counted FLOPs at that peak. */
  shareOfLimit?: number
  /** Kernel calls of one run. */
  kernelCalls: number
  kernelCallsPerToken: number
  /** Where peers were asked for: those that did the same. */
  peers?: PeerRatio[]
}

/** How fast we are beside another implementation of the same work. */
export interface PeerRatio {
  peer: string
  /** One for each of its runs, which took turns with ours. */
  tokensPerSecond: number[]
  /** Our median ÷ theirs. */
  ratio: number
}

/** What is known of a piece of work before it is timed. */
export type SpeedGiven = Pick<
  Speed,
  'size' | 'system' | 'work' | 'batch' | 'length' | 'parameters' | 'tokens' | 'flopsPerToken' | 'kernelCalls'
>

export function speedOf(given: SpeedGiven, samples: Samples, peakFlopsPerSecond: number): Speed {
  const seconds = median(samples.seconds)
  const tokensPerSecond = given.tokens / seconds
  const { flopsPerToken } = given
  return {
    ...given,
    tokensPerSecond,
    seconds,
    cpuSeconds: median(samples.cpuSeconds),
    samples,
    peakFlopsPerSecond,
    ...(flopsPerToken !== undefined && {
      shareOfLimit: (tokensPerSecond * flopsPerToken) / peakFlopsPerSecond,
    }),
    kernelCallsPerToken: given.kernelCalls / given.tokens,
  }
}
