import { inInterval } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { partsOf } from './parts'
import type { PartDifferences } from './summarise'

/** Where the difference to full attention lies, and what learning while reading adds to it. */
export function partsVerdict(
  { summary }: ProbeResults<number[][], PartDifferences[]>,
  { recipe }: TaskResults,
): string[] {
  const parts = partsOf(recipe)
  const last = parts.length - 1
  const sentence = (system: string, of: string) =>
    summary
      .filter((each) => each.system === system)
      .map(
        ({ byPart }) =>
          `${of}: ${inInterval(byPart[0])} nats in ${parts[0].name}, before any step of learning, ${inInterval(byPart[last])} in ${parts[last].name}.`,
      )
  return [
    ...sentence('full-attention', 'ttt-e2e less full-attention'),
    ...sentence('ttt-off', 'What ttt-e2e learns while it reads (less ttt-off)'),
  ]
}
