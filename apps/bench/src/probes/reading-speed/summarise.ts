import type { Measurement } from '../../experiment/results'
import { median } from '../../statistics'
import { pieceLength, type TimedPiece } from './measure'

export interface ReadingSpeed {
  context: number
  /** Median wall and CPU seconds to read 1000 tokens around this context. */
  secondsPer1000: number
  cpuSecondsPer1000: number
}

/** By system. */
export type ReadingSummary = Record<string, ReadingSpeed[]>

/** The time at a context is the median over the pieces of its last quarter, over all repeats. */
export const summariseReading = (measured: Measurement<TimedPiece[]>[]): ReadingSummary =>
  Object.fromEntries(measured.map(({ system, value }) => [system, speedsOf(value)]))

function speedsOf(pieces: readonly TimedPiece[]): ReadingSpeed[] {
  const longestContext = Math.max(...pieces.map(({ end }) => end))
  const contexts: number[] = []
  for (let context = pieceLength; context <= longestContext; context *= 2) contexts.push(context)
  return contexts.map((context) => {
    const first = Math.min(context * 0.75, context - pieceLength)
    const near = pieces.filter(({ end }) => end <= context && end > first)
    const per1000 = (seconds: number[]) => (median(seconds) * 1000) / pieceLength
    return {
      context,
      secondsPer1000: per1000(near.map(({ seconds }) => seconds)),
      cpuSecondsPer1000: per1000(near.map(({ cpuSeconds }) => cpuSeconds)),
    }
  })
}
