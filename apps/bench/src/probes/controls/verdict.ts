import { isBelow } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { holdsZero, natsWithInterval } from '../interval'
import type { ControlsMeasured } from './measure'
import type { ControlsSummary } from './summarise'

type Results = ProbeResults<ControlsMeasured, ControlsSummary>

export function controlsVerdict({ summary }: Results, { recipe }: TaskResults): string[] {
  return [...ofTraining(summary), ...ofContext(summary), ...ofStability(summary, recipe.training.length)]
}

function ofTraining({ gains, bestRate }: ControlsSummary): string[] {
  const [meta, naive] = [gains['ttt-e2e'], gains['ttt-naive']]
  const sentences: string[] = []
  if (meta)
    sentences.push(
      `Learning while reading changes the loss of meta-trained weights by ${natsWithInterval(meta)}${isBelow(meta, 0) ? '' : ': NOT a gain beyond doubt'}.`,
    )
  if (naive)
    sentences.push(
      `Weights trained without learning change by ${natsWithInterval(naive)} at the best inner rate of the sweep, ${bestRate['ttt-naive']}: ` +
        (meta && isBelow(meta, 0) && naive.mean > meta.mean / 2
          ? 'learning must be trained for.'
          : 'learning need NOT be trained for here.'),
    )
  return sentences
}

function ofContext({ context }: ControlsSummary): string[] {
  const ours = context['ttt-e2e']
  if (!ours) return []
  const { gainOfOwn, gainOfAnother } = ours
  const removed = !isBelow(gainOfAnother, 0)
  return [
    `Having read its own beginning changes ttt-e2e's loss on an ending by ${natsWithInterval(gainOfOwn)}, that of another document by ` +
      `${natsWithInterval(gainOfAnother)}: ${removed ? (holdsZero(gainOfOwn) ? 'there was no gain to remove' : 'a shuffled context removes the gain') : 'a shuffled context does NOT remove all of the gain'}.`,
  ]
}

function ofStability({ trace }: ControlsSummary, length: number): string[] {
  const points = trace['ttt-e2e']
  if (!points || points.length < 2) return []
  const [before, last] = [points.at(-2)!, points.at(-1)!]
  const stable = points.every(({ loss, distance }) => Number.isFinite(loss + distance))
  const times = Math.round(last.tokens / length)
  const rises = last.loss > before.loss + 0.02
  return [
    `At ${times} × its training length ttt-e2e's weights are ${last.distance.toFixed(1)} from where they began (${(100 * last.share).toFixed(0)} % of their norm) ` +
      `and its loss is ${last.loss.toFixed(3)} nats, ${before.loss.toFixed(3)} in the stretch half as far: ` +
      `${stable && !rises ? 'it stays stable' : 'it does NOT stay stable'}.`,
  ]
}
