import { inInterval, isAbove } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { subjectOf } from '../loss-by-index/summarise'
import type { ChunkSummary } from './summarise'

export function chunkVerdict(
  { summary }: ProbeResults<number[][], ChunkSummary>,
  task: TaskResults,
): string[] {
  const subject = subjectOf(task)
  const ours = summary[subject]
  if (!ours) return []
  const has = isAbove(ours.rise, 0) ? 'rises within a chunk' : 'does not rise within a chunk beyond doubt'
  return [`${subject}'s loss ${has}: the last quarter is ${inInterval(ours.rise)} nats above the first.`]
}
