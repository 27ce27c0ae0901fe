import type { Table } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import type { CostMeasured } from './measure'
import { reference, type CostSummary } from './summarise'

export function costTables(
  { summary }: ProbeResults<CostMeasured, CostSummary>,
  { recipe }: TaskResults,
): Table[] {
  const { contexts, secondsPer1000, ratio } = summary
  const columns = ['system', ...contexts.map(String)]
  const seconds: Table = {
    title: 'seconds per 1000 tokens of a training step, by context length',
    columns,
    rows: Object.entries(secondsPer1000).map(([name, each]) => [name, ...each.map((s) => s.toPrecision(3))]),
    note: `medians; loss, gradient and AdamW on random tokens, as many a step at every context; window ${recipe.size.window}, chunk ${recipe.size.chunk}`,
  }
  const ratios = Object.entries(ratio)
  if (ratios.length === 0) return [seconds]
  return [
    seconds,
    {
      title: `a training step's time ÷ ${reference}'s`,
      columns,
      rows: ratios.map(([name, each]) => [
        name,
        ...each.map(
          ({ median, least, most }) => `${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`,
        ),
      ]),
      note: 'medians of steps that took turns, in brackets their range',
    },
  ]
}
