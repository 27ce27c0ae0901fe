import type { StepLosses } from './meta-training'

/** Steps that curves are smoothed over. */
export const smoothing = 10

/** The mean of the last steps of one curve. */
export function recentMean(
  losses: readonly StepLosses[],
  of: Exclude<keyof StepLosses, 'step'>,
  end = losses.length,
): number {
  const recent = losses.slice(Math.max(0, end - smoothing), end)
  return recent.reduce((sum, each) => sum + each[of], 0) / recent.length
}

/**
 * Whether the learning system is, over the last steps, below what any stack of windows can reach on the same documents.
 * Not before there are as many steps as a mean takes.
 */
export function isBelowWindows(losses: readonly StepLosses[]): boolean {
  return losses.length >= smoothing && recentMean(losses, 'learning') < recentMean(losses, 'windowLimit')
}
