import type { Measurement, TaskResults } from '../../experiment/results'
import { lineThrough, median, slopeOfMedians } from '../../statistics'
import { subjectOf } from '../loss-by-index/summarise'
import type { LatencyMeasured } from './measure'

export interface LatencySummary {
  contexts: number[]
  /** By system. */
  systems: Record<string, SystemLatency>
  /** Each other system beside the subject; empty where that wasn't timed. */
  comparisons: LatencyComparison[]
}

export interface SystemLatency {
  /** Medians over the repeats, for each context: seconds to read 1000 tokens, and to decode one. */
  reading: number[]
  readingCpu: number[]
  decoding: number[]
  stateBytes: number[]
  /** Of reading. */
  fit: LatencyFit
}

/** Seconds for 1000 tokens as a + c · context. */
export interface LatencyFit {
  a: number
  c: number
  /** Share of the medians' variance that the line explains (R²). */
  explained: number
  /** 95 % interval of c over repeats; absent with one. */
  low?: number
  high?: number
  /** The median over the contexts: what it takes if it is constant. */
  constant: number
  /** The change over all contexts as the line has it, as a share of the constant. */
  change: number
  /** Whether it takes longer and longer: the line rises and explains nine tenths of the variance. */
  grows: boolean
}

export interface LatencyComparison {
  system: string
  /** Context from which TTT-E2E is faster by the fits; absent where the system doesn't grow, or is never faster. */
  crossover?: number
  /** The system's time ÷ TTT-E2E's at the longest context. */
  ratio: number
  /** The same by the fits at longer contexts that were not measured; empty where the system doesn't grow. */
  extrapolated: { context: number; ratio: number }[]
}

/** Contexts that ratios were published of. */
export const publishedContexts = [131_072, 2_097_152]

export function summariseLatency(
  measured: Measurement<LatencyMeasured>[],
  task: Pick<TaskResults, 'given'>,
): LatencySummary {
  const subject = subjectOf(task)
  const contexts = measured[0].value.contexts
  const systems = Object.fromEntries(measured.map(({ system, value }) => [system, latencyOf(value)]))
  const ours = systems[subject]
  return {
    contexts,
    systems,
    comparisons: ours
      ? Object.entries(systems).flatMap(([system, their]) =>
          system === subject ? [] : [compare(system, their, ours)],
        )
      : [],
  }
}

function latencyOf({ contexts, reading, readingCpu, decoding, stateBytes }: LatencyMeasured): SystemLatency {
  const medians = (rows: readonly number[][]) => contexts.map((_, i) => median(rows.map((row) => row[i])))
  const middle = medians(reading)
  const { a, c, explained } = lineThrough(contexts, middle)
  const { low, high } = slopeOfMedians(contexts, reading)
  const constant = median(middle)
  return {
    reading: middle,
    readingCpu: medians(readingCpu),
    decoding: medians(decoding),
    stateBytes,
    fit: {
      a,
      c,
      explained,
      ...(low !== undefined && { low, high }),
      constant,
      change: (c * (contexts.at(-1)! - contexts[0])) / constant,
      grows: c > 0 && explained >= 0.9,
    },
  }
}

function compare(system: string, their: SystemLatency, ours: SystemLatency): LatencyComparison {
  const { a, c, grows } = their.fit
  const crossover = (ours.fit.constant - a) / c
  return {
    system,
    ...(grows && crossover > 0 && { crossover }),
    ratio: their.reading.at(-1)! / ours.reading.at(-1)!,
    extrapolated: grows
      ? publishedContexts.map((context) => ({ context, ratio: (a + c * context) / ours.fit.constant }))
      : [],
  }
}
