/** How frequencies are changed for contexts longer than those of pretraining, as published models say it. */
export type RopeScaling =
  /** Every frequency divided by the factor (position interpolation, arXiv 2306.15595). */
  | { readonly type: 'linear'; readonly factor: number }
  /**
   * Llama 3.1's: divided where a wave is longer than originalLength / lowFrequencyFactor, kept where it is shorter than
   * originalLength / highFrequencyFactor, between the two in between.
   */
  | {
      readonly type: 'llama3'
      readonly factor: number
      readonly lowFrequencyFactor: number
      readonly highFrequencyFactor: number
      readonly originalLength: number
    }
  /**
   * YaRN (arXiv 2309.00071): kept where a pair turns at least betaFast times in originalLength tokens, divided where it
   * turns at most betaSlow times, between the two in between by the pair's number; and every rotated vector multiplied
   * by attentionFactor.
   */
  | {
      readonly type: 'yarn'
      readonly factor: number
      readonly originalLength: number
      readonly betaFast: number
      readonly betaSlow: number
      readonly attentionFactor: number
      /** Whether the ramp's ends are rounded to whole pairs, outwards. */
      readonly truncate: boolean
    }

/**
 * All scalings as one formula, for kernels: pair i of frequency f gets f · (kept + (1 − kept) / factor), where kept goes
 * from 0 to 1 while i (byPair 1) or f (byPair 0) goes from `low` to `high`; cosines and sines are multiplied by `magnitude`.
 */
export interface RopeRamp {
  factor: number
  byPair: number
  low: number
  high: number
  magnitude: number
}

export const noRamp: RopeRamp = { factor: 1, byPair: 0, low: 0, high: 1, magnitude: 1 }

/** @param width of a head */
export function rampOf(
  scaling: RopeScaling | null | undefined,
  { theta, width }: { theta: number; width: number },
): RopeRamp {
  if (!scaling) return noRamp
  const { factor } = scaling
  switch (scaling.type) {
    case 'linear':
      return { ...noRamp, factor, byPair: 1, low: width, high: width + 1 }
    case 'llama3': {
      const turn = (2 * Math.PI) / scaling.originalLength
      return {
        ...noRamp,
        factor,
        low: scaling.lowFrequencyFactor * turn,
        high: scaling.highFrequencyFactor * turn,
      }
    }
    case 'yarn': {
      const { originalLength, betaFast, betaSlow, attentionFactor, truncate } = scaling
      // The pair, as a real number, that turns so often in the original length.
      const pairOf = (turns: number) =>
        (width * Math.log(originalLength / (turns * 2 * Math.PI))) / (2 * Math.log(theta))
      const [first, last] = [pairOf(betaFast), pairOf(betaSlow)]
      const kept = Math.max(truncate ? Math.floor(first) : first, 0)
      const divided = Math.min(truncate ? Math.ceil(last) : last, width - 1)
      // A ramp has a length.
      const low = divided === kept ? divided + 0.001 : divided
      return { factor, byPair: 1, low, high: kept, magnitude: attentionFactor }
    }
  }
}

/** The angle by which a place turns pair i of a head more than the one before. */
export function frequencyOf(theta: number, width: number, pair: number, ramp: RopeRamp): number {
  const frequency = theta ** ((-2 * pair) / width)
  if (ramp.factor === 1) return frequency
  const along = ramp.byPair === 1 ? pair : frequency
  const kept = Math.min(1, Math.max(0, (along - ramp.low) / (ramp.high - ramp.low)))
  return frequency * (kept + (1 - kept) / ramp.factor)
}
