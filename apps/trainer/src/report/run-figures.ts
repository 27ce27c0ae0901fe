import { colourAt, colourInOrder, type Figure } from '@ttt-e2e/report'
import { curveFigure, type Curve } from '@ttt-e2e/report/figure'
import type { StoredRun } from '../runs/read-run'
import { seriesGroups, type Series } from './series'

/** A run and what it is called beside others. */
export interface NamedRun {
  name: string
  run: StoredRun
}

/** Series of a group that several runs show: more would hide each other. */
const seriesBesideOthers = 2

/** The curves of a run, or of several on the same axes; groups that no run tells of are left out. */
export function runFigures(runs: readonly NamedRun[]): Figure[] {
  return seriesGroups.flatMap(({ series, ...group }) => {
    const told = series.filter((each) =>
      runs.some(({ run }) => pointsOf(run, each).some(({ value }) => value !== 0)),
    )
    const curves = runs.length === 1 ? curvesOfOne(runs[0].run, told) : curvesOfSeveral(runs, told)
    return curves.length === 0 ? [] : [curveFigure(group, curves)]
  })
}

const curvesOfOne = (run: StoredRun, series: readonly Series[]): Curve[] =>
  series.map((each, i) => ({
    name: each.name,
    colour: series.length > seriesBesideOthers ? colourInOrder(i, series.length) : colourAt(i),
    ...(each.dash !== undefined && { dash: each.dash }),
    points: pointsOf(run, each),
  }))

/** A colour for each run; the second series dashed. */
function curvesOfSeveral(runs: readonly NamedRun[], series: readonly Series[]): Curve[] {
  const shown = series.length > seriesBesideOthers ? [series[0], series.at(-1)!] : series
  return runs.flatMap(({ name, run }, i) =>
    shown.map((each, place) => ({
      name: shown.length === 1 ? name : `${name}, ${each.name}`,
      colour: colourAt(i),
      ...(place > 0 && { dash: '6 4' }),
      points: pointsOf(run, each),
    })),
  )
}

const pointsOf = ({ lines }: StoredRun, { of }: Series) =>
  lines.flatMap((line) => {
    const value = of(line)
    return value === undefined ? [] : [{ step: line.step, value }]
  })
