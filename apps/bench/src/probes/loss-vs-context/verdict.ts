import { inInterval, isAbove, isBelow, signed } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import type { Answer } from '../../report/answer'
import { subjectOf } from '../loss-by-index/summarise'
import { unconvergedLabel } from '../training/unconverged-label'
import { smallContextFigure } from './figure'
import { reference, type ContextLosses } from './measure'
import { howReferenceReads } from './table'
import type { ContextSummary } from './summarise'

type Results = ProbeResults<ContextLosses, ContextSummary>

/** Whether the distance from full attention grows with context, and where the exact limits lie. */
export function contextVerdict({ measured, summary }: Results, task: TaskResults): string[] {
  const { contexts, references } = task
  const subject = subjectOf(task)
  const ours = summary.loss[subject]
  const difference = summary.differences.find(({ system }) => system === subject)
  if (!ours) return []
  const last = contexts.at(-1)!
  const limits = references.map(({ name, byContext }) => {
    const distance = ours.at(-1)! - byContext.at(-1)!
    return `Over ${last} tokens ${subject} is ${Math.abs(distance).toFixed(3)} nats ${distance < 0 ? 'below' : 'above'} the ${name}.`
  })
  if (!difference) return limits
  const { slope } = difference
  const label = unconvergedLabel(task, reference)
  const course = isAbove(slope, 0)
    ? 'falls behind as context grows'
    : isBelow(slope, 0)
      ? 'gains as context grows'
      : 'keeps its distance as context grows'
  return [
    `Against ${reference} ${subject} ${course}: ${inInterval(slope)} nats per doubling from ${contexts[0]} to ${last} tokens, ` +
      `${inInterval(difference.byContext.at(-1)!)} at ${last}${label ? `; ${reference} is ${label}` : ''}. ${howReferenceReads(measured)}`,
    ...limits,
  ]
}

export function contextAnswer({ summary }: Results, task: TaskResults): Answer | undefined {
  const { contexts } = task
  const subject = subjectOf(task)
  const ours = summary.loss[subject]
  if (!ours || contexts.length < 2) return undefined
  const [first, last] = [ours[0], ours.at(-1)!]
  const least = Math.min(...ours)
  const falls = last <= least
  const against = summary.differences.find(({ system }) => system === subject)?.slope
  return {
    question: 'loss-falls',
    sentence:
      `${falls ? 'yes' : 'not to the end'}: ${subject}'s mean loss goes from ${first.toFixed(3)} nats over ${contexts[0]} tokens to ` +
      `${last.toFixed(3)} over ${contexts.at(-1)}` +
      (against ? `, ${signed(against.mean)} per doubling against ${reference}` : '') +
      (against?.low === undefined
        ? ''
        : ` (95 % interval ${signed(against.low)} to ${signed(against.high!)})`),
    figure: smallContextFigure(summary, task),
  }
}
