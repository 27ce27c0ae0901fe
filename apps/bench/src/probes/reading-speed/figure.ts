import * as Plot from '@observablehq/plot'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { colourOf } from '../../report/colours'
import { drawSvg, type Figure } from '../../report/figure'
import type { TimedPiece } from './measure'
import type { ReadingSummary } from './summarise'

/** Time per token against context: flat where memory is constant. */
export function readingFigure(
  { summary }: ProbeResults<TimedPiece[], ReadingSummary>,
  { systems }: TaskResults,
): Figure {
  const timed = Object.entries(summary)
  const names = systems.map(({ name }) => name)
  return {
    title: 'Seconds per 1000 tokens by context length',
    caption:
      'Reading one sequence 64 tokens at a time, medians of the wall time around each context; random weights.',
    svg: drawSvg({
      x: { type: 'log', base: 2, label: 'tokens read before', tickFormat: (n: number) => String(n) },
      y: { label: 'seconds per 1000 tokens', grid: true, zero: true, nice: true },
      marks: timed.flatMap(([name, speeds]) => [
        Plot.lineY(speeds, {
          x: 'context',
          y: 'secondsPer1000',
          stroke: colourOf(name, names),
          strokeWidth: 2,
        }),
        Plot.dot(speeds, { x: 'context', y: 'secondsPer1000', fill: colourOf(name, names), r: 3 }),
      ]),
    }),
    legend: timed.map(([name]) => ({ name, colour: colourOf(name, names) })),
  }
}
