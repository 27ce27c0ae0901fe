import { colourOf, type Figure } from '@ttt-e2e/report'
import { curveFigure } from '@ttt-e2e/report/figure'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import type { TrainingMeasured } from './measure'
import type { TrainingSummary } from './summarise'

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
  return curveFigure(
    {
      title: 'Learning curves',
      caption:
        'Training loss over the steps, each point the mean of the steps since the one before; one line for each seed. ' +
        'Where training begins with shorter sequences, of which less can be known, the loss falls at each doubling.',
      label: 'training loss (nats per token)',
    },
    trained.flatMap(({ name, runs }) =>
      runs.map(({ value }) => ({
        name,
        colour: colourOf(name, names),
        points: value.curve.map((loss, i) => ({ step: i + 1, value: loss })),
      })),
    ),
  )
}
