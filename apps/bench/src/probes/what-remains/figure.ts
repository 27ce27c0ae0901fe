import * as Plot from '@observablehq/plot'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { colourOf, type Figure } from '@ttt-e2e/report'
import { drawSvg } from '@ttt-e2e/report/figure'
import { unitOf } from '../../report/unit-of'
import { questions, type Remains } from './measure'
import type { RemainsSummary } from './summarise'

/** What remains, from word for word to the general, with intervals. */
export function remainsFigure(
  { summary }: ProbeResults<Remains[], RemainsSummary>,
  task: TaskResults,
): Figure {
  const unit = unitOf(task)
  const names = task.systems.map(({ name }) => name)
  const read = Object.keys(summary.answers)
  const points = read.flatMap((name, n) =>
    questions.flatMap((question, q) => {
      const remains = summary.answers[name][question]?.remains
      const x = q + (n + 0.5) / read.length - 0.5
      return remains ? [{ name, x: 0.8 * (x - q) + q, colour: colourOf(name, names), ...remains }] : []
    }),
  )
  return {
    title: 'What remains of a text that has left the windows',
    caption: `Nats per ${unit} that the memory of another text loses more than that of the text itself, with 95 % intervals.`,
    svg: drawSvg({
      x: {
        ticks: questions.map((_, q) => q),
        tickFormat: (q: number) => questions[q] ?? '',
        label: null,
        domain: [-0.5, questions.length - 0.5],
      },
      y: { label: `nats per ${unit}`, grid: true, nice: true },
      marks: [
        Plot.ruleY([0]),
        Plot.ruleX(
          points.filter(({ low }) => low !== undefined),
          { x: 'x', y1: 'low', y2: 'high', stroke: 'colour' },
        ),
        Plot.dot(points, { x: 'x', y: 'mean', fill: 'colour', r: 4 }),
      ],
    }),
    legend: read.map((name) => ({ name, colour: colourOf(name, names) })),
  }
}
