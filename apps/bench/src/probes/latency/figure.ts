import * as Plot from '@observablehq/plot'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { colourOf, type Figure } from '@ttt-e2e/report'
import { drawSvg } from '@ttt-e2e/report/figure'
import { predictedSystems, predictions } from './h100'
import type { LatencyMeasured } from './measure'
import { publishedPoints } from './published'
import type { LatencySummary } from './summarise'

const contextAxis = {
  type: 'log',
  base: 2,
  label: 'tokens read before',
  tickFormat: (n: number) => String(n),
} as const

/** Time against context, flat where memory is constant: reading, decoding, and what is counted for an H100. */
export function latencyFigures(
  { summary }: ProbeResults<LatencyMeasured, LatencySummary>,
  { name, systems, given }: TaskResults,
): Figure[] {
  const weights = given ? 'its own weights' : 'random weights'
  const names = systems.map((system) => system.name)
  return [
    timeFigure(summary, names, {
      title: 'Seconds per 1000 tokens by context length',
      caption: `Reading one sequence 64 tokens at a time, medians of the wall time around each context; ${weights}.`,
      label: 'seconds per 1000 tokens',
      of: 'reading',
    }),
    timeFigure(summary, names, {
      title: 'Seconds per token decoded by context length',
      caption: `Decoding one token at a time, learning on the way where the system learns; ${weights}.`,
      label: 'seconds per token',
      of: 'decoding',
    }),
    // The same whatever was measured: once is enough.
    ...(name === 'languages' || given ? [] : [h100Figure(names)]),
  ]
}

/** For the report's first screen. */
export const smallLatencyFigure = (summary: LatencySummary, { name, systems, given }: TaskResults): Figure =>
  timeFigure(
    {
      ...summary,
      systems: Object.fromEntries(
        Object.entries(summary.systems).filter(
          ([system]) => given || (predictedSystems as readonly string[]).includes(system),
        ),
      ),
    },
    systems.map((system) => system.name),
    {
      title: 'Time to read against context',
      caption: `Seconds per 1000 tokens, ${name}.`,
      label: 'seconds per 1000 tokens',
      of: 'reading',
      width: 380,
      height: 240,
    },
  )

function timeFigure(
  { contexts, systems }: LatencySummary,
  names: string[],
  {
    title,
    caption,
    label,
    of,
    ...sizes
  }: {
    title: string
    caption: string
    label: string
    of: 'reading' | 'decoding'
    width?: number
    height?: number
  },
): Figure {
  const timed = Object.entries(systems)
  return {
    title,
    caption,
    svg: drawSvg({
      ...sizes,
      x: contextAxis,
      y: { label, grid: true, zero: true, nice: true },
      marks: timed.map(([name, system]) =>
        Plot.lineY(
          system[of].map((seconds, i) => ({ context: contexts[i], seconds })),
          { x: 'context', y: 'seconds', stroke: colourOf(name, names), strokeWidth: 2, marker: 'dot' },
        ),
      ),
    }),
    legend: timed.map(([name]) => ({ name, colour: colourOf(name, names) })),
  }
}

function h100Figure(names: string[]): Figure {
  const predicted = predictions()
  const lineOf = (size: '125m' | '3b', system: string) =>
    predicted.filter((each) => each.size === size && each.system === system)
  const sizes = { '3b': undefined, '125m': '4 3' } as const
  const among = [...new Set([...predictedSystems, ...names])]
  return {
    title: 'Predicted for one H100, beside the published points',
    caption:
      'Counted from operations and bytes, not measured here: lines of 3B parameters, dashed of 125M. Circles: published measurements at 3B.',
    svg: drawSvg({
      x: { ...contextAxis, label: 'context (tokens)', tickFormat: (n: number) => `${n / 1024}K` },
      y: { type: 'log', label: 'milliseconds per 1000 tokens', grid: true },
      marks: [
        ...(['3b', '125m'] as const).flatMap((size) =>
          predictedSystems.map((system) =>
            Plot.lineY(lineOf(size, system), {
              x: 'context',
              y: 'reading',
              stroke: colourOf(system, among),
              strokeWidth: 2,
              strokeDasharray: sizes[size],
            }),
          ),
        ),
        ...publishedPoints.map((point) =>
          Plot.dot([point], {
            x: 'context',
            y: 'milliseconds',
            r: 6,
            strokeWidth: 2.5,
            stroke: colourOf(point.system, among),
          }),
        ),
      ],
    }),
    legend: (['3b', '125m'] as const).flatMap((size) =>
      predictedSystems.map((system) => ({
        name: `${system}, ${size.toUpperCase()}`,
        colour: colourOf(system, among),
        ...(sizes[size] !== undefined && { dash: sizes[size] }),
      })),
    ),
  }
}
