import type { KnownLosses } from '../tasks'

/** The share of a learning curve's end that is set against as much before it. */
const share = 0.2
/** Nats by which a curve that still falls gets lower from one share to the next. */
const fall = 0.02
/** The least part of the way from knowing nothing to the best possible that a curve off its plateau has come. */
const halfWay = 0.5

export const convergenceRule =
  `A system is labelled "not converged" if the mean training loss of the last ${share * 100} % of its steps is more than ` +
  `${fall} nats below that of the ${share * 100} % before, or if, where the best possible loss is known, it has come less ` +
  `than half of the way there from knowing nothing (it is still on its plateau).`

/**
 * Judges a learning curve by the stated rule.
 *
 * @param losses of each step
 * @param known where the task knows how far the system could get
 */
export function judgeConvergence(losses: number[], known?: KnownLosses): { converged: boolean; verdict: string } {
  const width = Math.floor(losses.length * share)
  if (width < 2) return { converged: false, verdict: `only ${losses.length} steps, too few to judge` }
  const last = mean(losses.slice(-width))
  const before = mean(losses.slice(-2 * width, -width))
  const way = known && (known.uninformed - last) / (known.uninformed - known.best)
  const change = before - last
  const moved = `${Math.abs(change).toFixed(3)} nats ${change >= 0 ? 'lower' : 'higher'}`
  if (change > fall) return { converged: false, verdict: `still falling: the last ${width} steps are ${moved} than those before` }
  if (way !== undefined && way < halfWay)
    return {
      converged: false,
      verdict: `on its plateau: ${last.toFixed(3)} nats, ${Math.max(0, Math.round(way * 100))} % of the way to the best possible ${known!.best.toFixed(3)}`,
    }
  return { converged: true, verdict: `the last ${width} steps are ${moved} than those before` }
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
