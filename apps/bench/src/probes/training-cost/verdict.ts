import type { ProbeResults, TaskResults } from '../../experiment/results'
import type { Answer } from '../../report/answer'
import { smallCostFigure } from './figure'
import type { CostMeasured } from './measure'
import { reference, subject, type CostSummary } from './summarise'

type Results = ProbeResults<CostMeasured, CostSummary>

function sentenceOf({ contexts, ratio }: CostSummary): string | undefined {
  const ours = ratio[subject]
  if (!ours) return undefined
  const at = (i: number) =>
    `${ours[i].median.toFixed(2)} × (${ours[i].least.toFixed(2)} to ${ours[i].most.toFixed(2)}) at ${contexts[i]} tokens`
  const places = contexts.length > 1 ? `${at(0)} and ${at(contexts.length - 1)}` : at(0)
  return `a training step of ${subject} takes ${places} what ${reference}'s takes; published are 3.4 × at 8K and 1/1.2 at 128K`
}

export function costVerdict({ summary }: Results): string[] {
  const sentence = sentenceOf(summary)
  return sentence === undefined ? [] : [`${sentence[0].toUpperCase()}${sentence.slice(1)}.`]
}

export function costAnswer({ summary }: Results, task: TaskResults): Answer | undefined {
  const sentence = sentenceOf(summary)
  return sentence === undefined
    ? undefined
    : { question: 'cost', sentence, figure: smallCostFigure(summary, task) }
}
