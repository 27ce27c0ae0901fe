import type { ProbeResults, TaskResults } from '../../experiment/results'
import type { Answer } from '../../report/answer'
import { subjectOf } from '../loss-by-index/summarise'
import { smallLatencyFigure } from './figure'
import type { LatencyMeasured } from './measure'
import type { LatencySummary } from './summarise'

type Results = ProbeResults<LatencyMeasured, LatencySummary>

const reference = 'full-attention'

const percent = (share: number) => `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(0)} %`

/** More than this over all contexts is not flat. */
const flat = 0.1

function ours({ contexts, systems }: LatencySummary, subject: string): string | undefined {
  const fit = systems[subject]?.fit
  if (!fit) return undefined
  const interval =
    fit.low === undefined
      ? ''
      : ` (95 % interval ${percent((fit.low / fit.c) * fit.change)} to ${percent((fit.high! / fit.c) * fit.change)})`
  return (
    `${subject} takes ${fit.constant.toPrecision(3)} s per 1000 tokens, ${percent(fit.change)}${interval} ` +
    `from ${contexts[0]} to ${contexts.at(-1)} tokens of context`
  )
}

function theirs({ contexts, comparisons }: LatencySummary): string | undefined {
  const comparison = comparisons.find(({ system }) => system === reference)
  if (!comparison) return undefined
  const { crossover, ratio } = comparison
  return (
    `${reference} takes ${ratio.toFixed(2)} × as long at ${contexts.at(-1)} tokens` +
    (crossover === undefined ? '' : `, longer from about ${Math.round(crossover)} on`)
  )
}

function farAway({ comparisons }: LatencySummary): string[] {
  const { extrapolated = [] } = comparisons.find(({ system }) => system === reference) ?? {}
  if (extrapolated.length === 0) return []
  const ratios = extrapolated.map(({ context, ratio }) => `${ratio.toFixed(1)} × at ${context / 1024}K`)
  return [`Extrapolated by the fits, not measured, ${reference} takes ${ratios.join(' and ')}.`]
}

const sentencesOf = (summary: LatencySummary, subject: string): string[] =>
  [ours(summary, subject), theirs(summary)].filter((each) => each !== undefined)

export function latencyVerdict({ summary }: Results, task: TaskResults): string[] {
  const subject = subjectOf(task)
  if (summary.systems[subject] === undefined) return []
  return [...sentencesOf(summary, subject).map((sentence) => `${sentence}.`), ...farAway(summary)]
}

export function latencyAnswer({ summary }: Results, task: TaskResults): Answer | undefined {
  const subject = subjectOf(task)
  const own = summary.systems[subject]
  if (!own) return undefined
  const isFlat = Math.abs(own.fit.change) <= flat
  return {
    question: 'latency-flat',
    sentence: `${isFlat ? 'yes' : 'not within 10 %'}: ${sentencesOf(summary, subject).join('; ')}`,
    figure: smallLatencyFigure(summary, task),
  }
}
