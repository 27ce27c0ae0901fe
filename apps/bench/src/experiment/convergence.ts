import type { KnownLosses } from '@ttt-e2e/training'

/** The share of the steps that a mean is taken over, at the end and at half of the steps. */
const share = 0.1
/** Nats that the second half of the steps may gain at most. */
const gain = 0.05
/** The least part of the way from knowing nothing to the best possible that a curve off its plateau has come. */
const halfWay = 0.5

export const convergenceRule =
  `A system is labelled "not converged" if the second half of its training still lowered the loss by more than ${gain} nats ` +
  `(mean of the last ${share * 100} % of the steps against as many up to the middle), or if, where the best possible loss is ` +
  `known, it has come less than half of the way there from knowing nothing (it is still on its plateau). Steps on shorter sequences, ` +
  `where training begins with them, are left out.`

/**
 * Judges a learning curve by the stated rule.
 *
 * @param losses of each step
 * @param known where the task knows how far the system could get
 */
export function judgeConvergence(
  losses: number[],
  known?: KnownLosses,
): { converged: boolean; verdict: string } {
  const width = Math.floor(losses.length * share)
  if (width < 2) return { converged: false, verdict: `only ${losses.length} steps, too few to judge` }
  const middle = Math.floor(losses.length / 2)
  const last = mean(losses.slice(-width))
  const gained = mean(losses.slice(middle - width, middle)) - last
  const verdict = `the second half of the steps ${gained >= 0 ? 'gained' : 'lost'} ${Math.abs(gained).toFixed(3)} nats`
  if (gained > gain) return { converged: false, verdict }
  const way = known && (known.uninformed - last) / (known.uninformed - known.best)
  if (way === undefined || way >= halfWay) return { converged: true, verdict }
  const percent = Math.max(0, Math.round(way * 100))
  return {
    converged: false,
    verdict: `on its plateau at ${last.toFixed(3)} nats, ${percent} % of the way to the best possible ${known!.best.toFixed(3)}`,
  }
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
