import * as Plot from '@observablehq/plot'
import { drawSvg, type Figure } from './figure'

/** A line of a figure over the steps of training. */
export interface Curve {
  /** In the legend; lines of one name have one entry. */
  name: string
  colour: string
  dash?: string
  points: readonly CurvePoint[]
}

export interface CurvePoint {
  step: number
  value: number
}

/** Points that a curve is drawn with. */
const pointCount = 80

/** Curves over steps, each point the mean of the steps since the one before. */
export function curveFigure(
  { title, caption, label }: { title: string; caption: string; label: string },
  curves: readonly Curve[],
): Figure {
  const names = [...new Set(curves.map(({ name }) => name))]
  return {
    title,
    caption,
    svg: drawSvg({
      x: { label: 'step' },
      y: { label, grid: true, nice: true },
      marks: curves.map(({ points, colour, dash }) =>
        Plot.lineY(thinned(points), {
          x: 'step',
          y: 'value',
          stroke: colour,
          strokeWidth: 1.8,
          ...(dash !== undefined && { strokeDasharray: dash }),
          // A single point is no line.
          ...(points.length === 1 && { marker: 'dot' }),
        }),
      ),
    }),
    legend: names.map((name) => {
      const { colour, dash } = curves.find((curve) => curve.name === name)!
      return { name, colour, ...(dash !== undefined && { dash }) }
    }),
  }
}

/** As many points at the most, each the mean of those since the one before. */
export function thinned(points: readonly CurvePoint[], most = pointCount): CurvePoint[] {
  const width = Math.max(1, Math.ceil(points.length / most))
  const means: CurvePoint[] = []
  for (let start = 0; start < points.length; start += width) {
    const part = points.slice(start, start + width)
    const value = part.reduce((sum, each) => sum + each.value, 0) / part.length
    means.push({ step: part[part.length - 1].step, value })
  }
  return means
}
