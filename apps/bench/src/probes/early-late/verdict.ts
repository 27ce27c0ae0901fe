import { inInterval } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { subjectOf } from '../loss-by-index/summarise'
import { partsOf } from './parts'
import type { PartDifferences } from './summarise'

/** Where the difference to full attention lies, and what learning while reading adds to it. */
export function partsVerdict(
  { summary }: ProbeResults<number[][], PartDifferences[]>,
  task: TaskResults,
): string[] {
  const subject = subjectOf(task)
  const parts = partsOf(task.recipe)
  const last = parts.length - 1
  const sentence = (system: string, of: string) =>
    summary
      .filter((each) => each.system === system)
      .map(
        ({ byPart }) =>
          `${of}: ${inInterval(byPart[0])} nats in ${parts[0].name}, before any step of learning, ${inInterval(byPart[last])} in ${parts[last].name}.`,
      )
  return [
    ...sentence('full-attention', `${subject} less full-attention`),
    ...task.systems
      .filter(({ name, weightsOf }) => name === 'ttt-off' || (task.given && weightsOf === subject))
      .flatMap(({ name }) => sentence(name, `What ${subject} learns while it reads (less ${name})`)),
  ]
}
