import type { ProbeResults, TaskResults } from '../../experiment/results'
import type { Answer } from '../../report/answer'
import { percent } from '../percent'
import { needleFigure } from './figure'
import type { NeedleMeasured } from './measure'
import type { NeedleSummary } from './summarise'

/** What it can't do: how much it gives back word for word, inside the window and outside. */
export function needleAnswer(
  results: ProbeResults<NeedleMeasured, NeedleSummary>,
  task: TaskResults,
): Answer | undefined {
  const { 'ttt-e2e': ours, 'full-attention': full } = results.summary.overall
  if (!ours?.inside || !ours.outside) return undefined
  const beside = full?.outside ? `, of which full-attention gives back ${percent(full.outside.mean)}` : ''
  return {
    question: 'limits',
    sentence:
      `ttt-e2e gives back, word for word, ${percent(ours.inside.mean)} of the values that are still in its window and ` +
      `${percent(ours.outside.mean)} of those that have left it${beside}`,
    figure: needleFigure(results, task),
  }
}
