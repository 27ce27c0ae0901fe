import * as Plot from '@observablehq/plot'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { colourOf, type Figure } from '@ttt-e2e/report'
import { drawSvg } from '@ttt-e2e/report/figure'
import type { ControlsMeasured } from './measure'
import type { ControlsSummary } from './summarise'

type Results = ProbeResults<ControlsMeasured, ControlsSummary>

/** Loss against the inner rate, and how far the weights go along a long text. */
export function controlsFigures({ summary }: Results, { systems }: TaskResults): Figure[] {
  const names = systems.map(({ name }) => name)
  const rates = Object.entries(summary.rates).map(([name, points]) => ({
    name,
    points: points.map(({ rate, loss }) => ({ x: rate, y: loss })),
  }))
  const distances = Object.entries(summary.trace).map(([name, points]) => ({
    name,
    points: points.map(({ tokens, distance }) => ({ x: tokens, y: distance })),
  }))
  const figure = (title: string, caption: string, x: string, y: string, lines: typeof rates): Figure => ({
    title,
    caption,
    svg: drawSvg({
      x: {
        type: 'log',
        base: x.startsWith('tokens') ? 2 : 10,
        label: x,
        tickFormat: (n: number) => String(n),
      },
      y: { label: y, grid: true, nice: true },
      marks: lines.flatMap(({ name, points }) => [
        Plot.lineY(points, { x: 'x', y: 'y', stroke: colourOf(name, names), strokeWidth: 2 }),
        Plot.dot(points, { x: 'x', y: 'y', fill: colourOf(name, names), r: 3 }),
      ]),
    }),
    legend: lines.map(({ name }) => ({ name, colour: colourOf(name, names) })),
  })
  return [
    figure(
      'Loss by the inner rate while reading',
      'Last quarter of held-out documents; naive learning reads with weights that were trained without it.',
      'inner rate',
      'nats per token',
      rates,
    ),
    figure(
      'How far the weights go',
      '‖W − W₀‖ along texts of one language each, from the training length on.',
      'tokens read',
      '‖W − W₀‖',
      distances,
    ),
  ].filter(({ legend }) => legend.length > 0)
}
