import * as Plot from '@observablehq/plot'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { colourOf } from '../../report/colours'
import { drawSvg, type Figure } from '../../report/figure'
import type { TrainingMeasured } from './measure'
import type { TrainingSummary } from './summarise'

/** Points of a curve; each is the mean of the steps since the one before. */
const pointCount = 80

/** Training loss against steps, a line for each seed. */
export function trainingFigure(
  { measured }: ProbeResults<TrainingMeasured, TrainingSummary>,
  { systems }: TaskResults,
): Figure | undefined {
  const names = systems.map(({ name }) => name)
  const trained = names
    .map((name) => ({ name, runs: measured.filter(({ system }) => system === name) }))
    .filter(({ runs }) => runs.some(({ value }) => value.steps > 1))
  if (trained.length === 0) return undefined
  return {
    title: 'Learning curves',
    caption:
      'Training loss over the steps, each point the mean of the steps since the one before; one line for each seed. ' +
      'Where training begins with shorter sequences, of which less can be known, the loss falls at each doubling.',
    svg: drawSvg({
      x: { label: 'step' },
      y: { label: 'training loss (nats per token)', grid: true, nice: true },
      marks: trained.flatMap(({ name, runs }) =>
        runs.map(({ value }) =>
          Plot.lineY(thin(value.curve), {
            x: 'step',
            y: 'loss',
            stroke: colourOf(name, names),
            strokeWidth: 1.8,
          }),
        ),
      ),
    }),
    legend: trained.map(({ name }) => ({ name, colour: colourOf(name, names) })),
  }
}

function thin(curve: number[]): { step: number; loss: number }[] {
  const width = Math.max(1, Math.ceil(curve.length / pointCount))
  const points = []
  for (let start = 0; start < curve.length; start += width) {
    const part = curve.slice(start, start + width)
    points.push({ step: start + part.length, loss: part.reduce((sum, loss) => sum + loss, 0) / part.length })
  }
  return points
}
