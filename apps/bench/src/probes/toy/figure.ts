import * as Plot from '@observablehq/plot'
import type { ProbeResults } from '../../experiment/results'
import { colourOf, type Figure } from '@ttt-e2e/report'
import { drawSvg } from '@ttt-e2e/report/figure'
import type { ToyLine } from './measure'
import type { ToySummary } from './summarise'

/** Loss by index: flat for the bigram, a saw-tooth for chunks of 16. */
export function toyFigure({ summary }: ProbeResults<ToyLine[], ToySummary>): Figure {
  const names = summary.lines.map(({ name }) => name)
  const lines = summary.lines.map(({ name, byIndex }) => ({
    name,
    colour: colourOf(name, names),
    points: byIndex.map((nats, index) => ({ index, nats })),
  }))
  return {
    title: 'Two blocks without attention: loss by index',
    caption: 'Bigram languages, context 128; nats of the held-out documents at each index.',
    svg: drawSvg({
      x: { label: 'index' },
      y: { label: 'nats per token', grid: true, nice: true },
      marks: lines.map(({ points, colour }) =>
        Plot.lineY(points, { x: 'index', y: 'nats', stroke: colour, strokeWidth: 1.5 }),
      ),
    }),
    legend: lines.map(({ name, colour }) => ({ name, colour })),
  }
}
