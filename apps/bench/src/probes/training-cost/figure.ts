import * as Plot from '@observablehq/plot'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { colourOf, type Figure } from '@ttt-e2e/report'
import { drawSvg } from '@ttt-e2e/report/figure'
import type { CostMeasured } from './measure'
import type { CostSummary } from './summarise'

export const costFigure = ({ summary }: ProbeResults<CostMeasured, CostSummary>, task: TaskResults): Figure =>
  draw(summary, Object.keys(summary.secondsPer1000), task, {})

/** For the report's first screen. */
export const smallCostFigure = (summary: CostSummary, task: TaskResults): Figure =>
  draw(
    summary,
    Object.keys(summary.secondsPer1000).filter((name) => ['ttt-e2e', 'full-attention', 'swa'].includes(name)),
    task,
    { width: 380, height: 240 },
  )

function draw(
  { contexts, secondsPer1000 }: CostSummary,
  shown: string[],
  { name, systems }: TaskResults,
  sizes: { width?: number; height?: number },
): Figure {
  const names = systems.map((system) => system.name)
  return {
    title: 'Time to train against context',
    caption: `Seconds per 1000 tokens of a training step by the length of its sequences, ${name}; as many tokens in each step.`,
    svg: drawSvg({
      ...sizes,
      x: {
        type: 'log',
        base: 2,
        label: 'context (tokens)',
        ticks: contexts,
        tickFormat: (n: number) => String(n),
      },
      y: { label: 'seconds per 1000 tokens', grid: true, zero: true, nice: true },
      marks: shown.map((system) =>
        Plot.lineY(
          secondsPer1000[system].map((seconds, i) => ({ context: contexts[i], seconds })),
          { x: 'context', y: 'seconds', stroke: colourOf(system, names), strokeWidth: 2, marker: 'dot' },
        ),
      ),
    }),
    legend: shown.map((system) => ({ name: system, colour: colourOf(system, names) })),
  }
}
