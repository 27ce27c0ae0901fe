import * as Plot from '@observablehq/plot'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { colourOf, type Figure, referenceColour, referenceDashes } from '@ttt-e2e/report'
import { drawSvg } from '@ttt-e2e/report/figure'
import { rangeNames } from './range-names'
import type { LossSummary } from './summarise'

/** Loss against how much was read, with what is known of the best possible. */
export function lossFigure({ summary }: ProbeResults<number[][], LossSummary>, task: TaskResults): Figure {
  const measured = Object.entries(summary.loss)
  const names = measured.map(([name]) => name)
  const points = (loss: number[]) => loss.map((nats, i) => ({ range: i, nats }))
  const labels = rangeNames(task)
  const trained = task.ranges.findIndex(({ to }) => to >= task.recipe.training.length)
  return {
    title: 'Loss by token index',
    caption:
      'Mean nats per token in each range of indexes; lower is better. Right of the grey line lies what is longer than the training sequences.' +
      (task.references.length > 0
        ? ' Dashed: known by counting, nobody can be lower with that much memory.'
        : ''),
    svg: drawSvg({
      x: { label: 'token index', ticks: labels.map((_, i) => i), tickFormat: (i: number) => labels[i] },
      y: { label: 'nats per token', grid: true, nice: true },
      marks: [
        ...(trained >= 0 && trained < labels.length - 1
          ? [Plot.ruleX([trained + 0.5], { stroke: '#bbb' })]
          : []),
        ...task.references.map(({ loss }, i) =>
          Plot.lineY(points(loss), {
            x: 'range',
            y: 'nats',
            stroke: referenceColour,
            strokeDasharray: referenceDashes[i],
          }),
        ),
        ...measured.flatMap(([name, loss]) => [
          Plot.lineY(points(loss), { x: 'range', y: 'nats', stroke: colourOf(name, names), strokeWidth: 2 }),
          Plot.dot(points(loss), { x: 'range', y: 'nats', fill: colourOf(name, names), r: 3 }),
        ]),
      ],
    }),
    legend: [
      ...names.map((name) => ({ name, colour: colourOf(name, names) })),
      ...task.references.map(({ name }, i) => ({ name, colour: referenceColour, dash: referenceDashes[i] })),
    ],
  }
}
