import * as Plot from '@observablehq/plot'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { colourOf, type Figure } from '@ttt-e2e/report'
import { drawSvg } from '@ttt-e2e/report/figure'
import { subjectOf } from '../loss-by-index/summarise'
import { partsOf } from './parts'
import type { PartDifferences } from './summarise'

/** TTT-E2E less each other system in each part, with intervals. */
export function partsFigure(
  { summary }: ProbeResults<number[][], PartDifferences[]>,
  task: TaskResults,
): Figure | undefined {
  if (summary.length === 0) return undefined
  const { recipe, systems } = task
  const subject = subjectOf(task)
  const parts = partsOf(recipe)
  const names = systems.map(({ name }) => name)
  const shown = summary.map(({ system, byPart }, place) => {
    // Side by side, so that intervals don't cover each other.
    const aside = 0.06 * (place - (summary.length - 1) / 2)
    return {
      system,
      points: byPart.map(({ mean, low = mean, high = mean }, part) => ({
        part: part + aside,
        mean,
        low,
        high,
      })),
    }
  })
  return {
    title: `Early and late: ${subject} less each other system`,
    caption: `Mean nats per token in each part of the held-out documents with 95 % intervals; below zero ${subject} is better. In the first chunk nothing was learned yet.`,
    svg: drawSvg({
      x: {
        ticks: parts.map((_, part) => part),
        tickFormat: (part: number) => parts[part].name,
        label: null,
        domain: [-0.4, parts.length - 0.6],
      },
      y: { label: 'nats per token', grid: true, nice: true },
      marks: [
        Plot.ruleY([0], { stroke: '#bbb' }),
        ...shown.flatMap(({ system, points }) => [
          Plot.ruleX(points, {
            x: 'part',
            y1: 'low',
            y2: 'high',
            stroke: colourOf(system, names),
            strokeWidth: 1.5,
          }),
          Plot.lineY(points, {
            x: 'part',
            y: 'mean',
            stroke: colourOf(system, names),
            strokeWidth: 2,
            marker: 'dot',
          }),
        ]),
      ],
    }),
    legend: shown.map(({ system }) => ({ name: system, colour: colourOf(system, names) })),
  }
}
