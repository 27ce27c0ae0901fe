import type { ProbeResults, TaskResults } from '../../experiment/results'
import type { Answer } from '../../report/answer'
import { percent } from '../percent'
import { remainsFigure } from './figure'
import type { Remains } from './measure'
import type { RemainsSummary } from './summarise'

/** What it can't do: how much of a passage comes back, beside what comes without having read it. */
export function remainsAnswer(
  results: ProbeResults<Remains[], RemainsSummary>,
  task: TaskResults,
): Answer | undefined {
  const passages = results.summary.right['ttt-e2e']?.passage
  if (!passages) return undefined
  return {
    question: 'limits',
    sentence:
      `ttt-e2e expects ${percent(passages.own.mean)} of the bytes of passages that have left its windows, ` +
      `${percent(passages.another.mean)} where it read another text`,
    figure: remainsFigure(results, task),
  }
}
