import * as Plot from '@observablehq/plot'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { colourOf, type Figure, referenceColour, referenceDashes } from '@ttt-e2e/report'
import { drawSvg } from '@ttt-e2e/report/figure'
import type { Decoded } from './measure'
import type { DecodeSummary } from './summarise'

/** The judge's loss by index, the prompt's end first. */
export function decodeFigure(
  { measured, summary }: ProbeResults<Decoded[], DecodeSummary>,
  { systems }: TaskResults,
): Figure {
  const names = systems.map(({ name }) => name)
  const length = measured[0].value[0].nats.length
  const points = (nats: readonly number[]) =>
    nats.map((y, s) => ({ index: ((s + 0.5) * length) / nats.length - length / 2, y }))
  const dash = referenceDashes[0]
  return {
    title: 'Generated text: loss of a judge by index',
    caption: 'Left of 0 the end of the prompt, right of it what each system wrote.',
    svg: drawSvg({
      x: { label: 'bytes generated' },
      y: { label: "the judge's nats per byte", grid: true, nice: true },
      marks: [
        Plot.ruleX([0], { stroke: referenceColour }),
        Plot.lineY(points(summary.original), {
          x: 'index',
          y: 'y',
          stroke: referenceColour,
          strokeDasharray: dash,
        }),
        ...Object.entries(summary.byIndex).map(([name, nats]) =>
          Plot.lineY(points(nats), { x: 'index', y: 'y', stroke: colourOf(name, names), strokeWidth: 2 }),
        ),
      ],
    }),
    legend: [
      ...Object.keys(summary.byIndex).map((name) => ({ name, colour: colourOf(name, names) })),
      { name: 'the books themselves', colour: referenceColour, dash },
    ],
  }
}
