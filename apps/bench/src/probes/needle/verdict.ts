import type { ProbeResults } from '../../experiment/results'
import { wilson } from '../../statistics'
import { percent } from '../percent'
import type { NeedleMeasured } from './measure'
import type { NeedleSummary, Recall } from './summarise'

/** The least that full attention must recall for the others' numbers to mean anything. */
const solved = 0.95

export function needleVerdict({ measured, summary }: ProbeResults<NeedleMeasured, NeedleSummary>): string[] {
  const { recall, overall } = summary
  const { window, length } = measured[0].value
  const full = overall['full-attention']
  const ours = overall['ttt-e2e']
  const sentences: string[] = []
  if (full) {
    const byContext = [...new Set(recall['full-attention'].map(({ multiple }) => multiple))]
      .filter((multiple) => multiple * window <= length)
      .map((multiple) => ({ multiple, ...together(recall['full-attention'], multiple) }))
    const worst = byContext.reduce((a, b) => (b.mean < a.mean ? b : a))
    sentences.push(
      worst.mean >= solved
        ? `full-attention recalls ${interval(worst)} or more at every length it was trained for: the task was learned, and what the others miss is theirs.`
        : `full-attention did NOT learn the task at every length it was trained for: it recalls ${interval(worst)} at ${worst.multiple} windows; trained longer all may do better.`,
    )
  }
  if (ours?.inside && ours.outside) {
    const { inside, outside } = ours
    sentences.push(
      `ttt-e2e recalls ${interval(inside)} of the needles inside its window and ${interval(outside)} of those that have left it` +
        (outside.high < inside.low
          ? ': to give back word for word what has left the window is not what it does here, as published.'
          : ': what has left the window is NOT recalled less often here, other than published. These models were trained on the task itself, ' +
            'one needle in text of other symbols: their weights have learned to keep it. The published ones were trained on web text.'),
    )
  }
  const unconverged = measured
    .filter(({ value }) => !value.converged)
    .map(({ system, value }) => `${system} (${value.steps} steps: ${value.verdict})`)
  if (unconverged.length > 0)
    sentences.push(`Not converged on needles: ${unconverged.join(', ')}. Trained longer they may do better.`)
  return sentences
}

/** Of all kinds and places at a context. */
function together(cells: readonly Recall[], multiple: number) {
  const own = cells.filter((cell) => cell.multiple === multiple)
  const sum = (key: 'right' | 'documents') => own.reduce((total, cell) => total + cell[key], 0)
  return wilson(sum('right'), sum('documents'))
}

const interval = ({ mean, low, high }: { mean: number; low: number; high: number }) =>
  `${percent(mean)} (95 % interval ${percent(low)} to ${percent(high)})`
