import { isBelow } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { natsWithInterval } from '../interval'
import { subjectOf } from '../loss-by-index/summarise'
import type { Kept } from './measure'
import type { NotepadSummary, WaySummary } from './summarise'

/** What the notepad is for, what the brain is for, and whether both together are better than either. */
export function notepadVerdict(
  { summary }: ProbeResults<Kept[], NotepadSummary>,
  task: TaskResults,
): string[] {
  const subject = subjectOf(task)
  const ours = summary[subject]
  if (!ours) return []
  return (['details', 'loss'] as const).flatMap((asked) => {
    const { notepad, brain, both } = ours[asked]
    if (!notepad?.difference || !brain?.difference || !both?.difference) return []
    const ranked: [string, WaySummary][] = [
      ['the notepad alone', notepad],
      ['the brain alone', brain],
      ['both together', both],
    ]
    const [best] = ranked.reduce((a, b) => (b[1].nats < a[1].nats ? b : a))
    const of = asked === 'details' ? 'On details of a book' : 'On what follows in the book'
    const help = ({ difference }: WaySummary) =>
      `${natsWithInterval(difference!)}${isBelow(difference!, 0) ? '' : ', NO help beyond doubt'}`
    return [
      `${of} the notepad changes ${subject}'s loss by ${help(notepad)}, the brain by ${help(brain)}, both by ${help(both)}: ${best} is lowest.`,
    ]
  })
}
