import type { ProbeResults, TaskResults } from '../../experiment/results'
import type { Answer } from '../../report/answer'
import { unitOf } from '../../report/unit-of'
import { subjectOf } from '../loss-by-index/summarise'
import { percent } from '../percent'
import { remainsFigure } from './figure'
import type { Remains } from './measure'
import type { RemainsSummary } from './summarise'

/** What it can't do: how much of a passage comes back, beside what comes without having read it. */
export function remainsAnswer(
  results: ProbeResults<Remains[], RemainsSummary>,
  task: TaskResults,
): Answer | undefined {
  const passages = results.summary.right[subjectOf(task)]?.passage
  if (!passages) return undefined
  return {
    question: 'limits',
    sentence:
      `${subjectOf(task)} expects ${percent(passages.own.mean)} of the ${unitOf(task)}s of passages that have left its windows, ` +
      `${percent(passages.another.mean)} where it read another text`,
    figure: remainsFigure(results, task),
  }
}
