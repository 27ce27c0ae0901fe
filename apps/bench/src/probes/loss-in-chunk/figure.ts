import * as Plot from '@observablehq/plot'
import type { ProbeResults } from '../../experiment/results'
import { colourOf, type Figure } from '@ttt-e2e/report'
import { drawSvg } from '@ttt-e2e/report/figure'
import type { ChunkSummary } from './summarise'

/** A saw-tooth shows itself here: loss that rises within a chunk until the next step of learning. */
export function chunkFigure({ summary }: ProbeResults<number[][], ChunkSummary>): Figure {
  const names = Object.keys(summary)
  const points = names.flatMap((name) => {
    const { byPlace } = summary[name]
    const mean = byPlace.reduce((sum, nats) => sum + nats, 0) / byPlace.length
    return byPlace.map((nats, place) => ({ name, place, nats: nats - mean }))
  })
  return {
    title: 'Loss within a chunk',
    caption:
      'Mean nats at each place within a chunk, less the mean over the chunk: what rises to the right is the saw-tooth of learning only once a chunk.',
    svg: drawSvg({
      x: { label: 'place within the chunk' },
      y: { label: 'nats per token less the mean', grid: true, nice: true },
      marks: [
        Plot.ruleY([0], { stroke: '#bbb' }),
        Plot.lineY(points, {
          x: 'place',
          y: 'nats',
          z: 'name',
          stroke: ({ name }: { name: string }) => colourOf(name, names),
          strokeWidth: 2,
        }),
      ],
    }),
    legend: names.map((name) => ({ name, colour: colourOf(name, names) })),
  }
}
