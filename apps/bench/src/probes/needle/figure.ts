import * as Plot from '@observablehq/plot'
import { needleKinds } from '@ttt-e2e/data'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { colourOf, type Figure, referenceColour, referenceDashes } from '@ttt-e2e/report'
import { drawSvg } from '@ttt-e2e/report/figure'
import type { NeedleMeasured } from './measure'
import type { NeedleSummary } from './summarise'
import { anywhereOf } from './table'

/** Recall against context, the needle anywhere, all kinds together, with window ÷ context beside it. */
export function needleFigure(
  { measured, summary }: ProbeResults<NeedleMeasured, NeedleSummary>,
  { systems }: TaskResults,
): Figure {
  const names = systems.map(({ name }) => name)
  const { window, length } = measured[0].value
  const read = Object.entries(summary.recall)
  const multiples = [...new Set(read.flatMap(([, cells]) => cells.map(({ multiple }) => multiple)))]
  const lines = read.map(([name, cells]) => ({
    name,
    points: multiples.map((multiple) => ({
      multiple,
      recalled:
        needleKinds.reduce((sum, kind) => sum + (anywhereOf(cells, kind, multiple, window) ?? 0), 0) /
        needleKinds.length,
    })),
  }))
  const limit = multiples.map((multiple) => ({ multiple, recalled: 1 / multiple }))
  return {
    title: 'Needles recalled by context',
    caption: `Pass keys, numbers and UUIDs anywhere in the context, value given again symbol for symbol; window ${window}, trained on ${length} tokens.`,
    svg: drawSvg({
      x: { type: 'log', base: 2, label: 'context in windows', tickFormat: (n: number) => String(n) },
      y: { label: 'share recalled', grid: true, domain: [0, 1] },
      marks: [
        Plot.lineY(limit, {
          x: 'multiple',
          y: 'recalled',
          stroke: referenceColour,
          strokeDasharray: referenceDashes[0],
        }),
        ...lines.flatMap(({ name, points }) => [
          Plot.lineY(points, { x: 'multiple', y: 'recalled', stroke: colourOf(name, names), strokeWidth: 2 }),
          Plot.dot(points, { x: 'multiple', y: 'recalled', fill: colourOf(name, names), r: 3 }),
        ]),
      ],
    }),
    legend: [
      ...lines.map(({ name }) => ({ name, colour: colourOf(name, names) })),
      { name: 'window ÷ context', colour: referenceColour, dash: referenceDashes[0] },
    ],
  }
}
