import * as Plot from '@observablehq/plot'
import type { TaskResults } from '../../results'
import { colourOf } from '../colours'
import { drawSvg, type Figure } from './figure'

/** Time per token against context: flat where memory is constant. */
export function readingFigure({ systems }: TaskResults): Figure | undefined {
  const timed = systems.filter(({ readingSpeed }) => readingSpeed !== undefined)
  if (timed.length === 0) return undefined
  const names = systems.map(({ name }) => name)
  return {
    title: 'Seconds per 1000 tokens by context length',
    caption:
      'Reading one sequence 64 tokens at a time, medians of the wall time around each context; random weights.',
    svg: drawSvg({
      x: { type: 'log', base: 2, label: 'tokens read before', tickFormat: (n: number) => String(n) },
      y: { label: 'seconds per 1000 tokens', grid: true, zero: true, nice: true },
      marks: timed.flatMap(({ name, readingSpeed }) => [
        Plot.lineY(readingSpeed, {
          x: 'context',
          y: 'secondsPer1000',
          stroke: colourOf(name, names),
          strokeWidth: 2,
        }),
        Plot.dot(readingSpeed, { x: 'context', y: 'secondsPer1000', fill: colourOf(name, names), r: 3 }),
      ]),
    }),
    legend: timed.map(({ name }) => ({ name, colour: colourOf(name, names) })),
  }
}
