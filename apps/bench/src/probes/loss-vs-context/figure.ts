import * as Plot from '@observablehq/plot'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { colourOf, type Figure, referenceColour, referenceDashes } from '@ttt-e2e/report'
import { drawSvg } from '@ttt-e2e/report/figure'
import { subjectOf } from '../loss-by-index/summarise'
import { reference, type ContextLosses } from './measure'
import type { ContextSummary } from './summarise'

type Line = { name: string; values: number[]; colour: string; dash?: string }

/** Each system less full attention against context, as the paper's first figure; without full attention the losses. */
export function contextFigure(
  { summary }: ProbeResults<ContextLosses, ContextSummary>,
  task: TaskResults,
): Figure {
  const ofReference = summary.loss[reference]
  const less = (values: number[]) => (ofReference ? values.map((nats, i) => nats - ofReference[i]) : values)
  return draw(
    linesOf(summary, task).map((line) => ({ ...line, values: less(line.values) })),
    task,
    {
      title: ofReference ? `Loss by context, less ${reference}` : 'Loss by context',
      caption:
        'Mean nats per token of the first tokens of held-out documents' +
        (ofReference ? `, less those of ${reference}: below zero is better than it` : '') +
        (isLonger(task) ? '. Right of the grey line lies what is longer than the training sequences.' : '.'),
      label: ofReference ? `nats per token less ${reference}` : 'nats per token',
    },
  )
}

/** For the report's first screen: the losses themselves, of the systems that matter to the question. */
export function smallContextFigure(summary: ContextSummary, task: TaskResults): Figure {
  const shown = new Set([subjectOf(task), reference, 'swa'])
  const lines = linesOf(summary, task).filter(({ name, dash }) => dash !== undefined || shown.has(name))
  return draw(lines, task, {
    title: 'Loss against context',
    caption: `Mean nats of the first tokens of held-out documents, ${task.name}.`,
    label: 'nats per token',
    width: 380,
    height: 240,
  })
}

function linesOf(summary: ContextSummary, task: TaskResults): Line[] {
  const names = Object.keys(summary.loss)
  return [
    ...names.map((name) => ({ name, values: summary.loss[name], colour: colourOf(name, names) })),
    ...task.references.map(({ name, byContext }, i) => ({
      name,
      values: byContext,
      colour: referenceColour,
      dash: referenceDashes[i],
    })),
  ]
}

const isLonger = ({ contexts, recipe }: TaskResults) => contexts.at(-1)! > recipe.training.length

function draw(
  lines: Line[],
  task: TaskResults,
  {
    title,
    caption,
    label,
    ...sizes
  }: { title: string; caption: string; label: string; width?: number; height?: number },
): Figure {
  const { contexts } = task
  const { length } = task.recipe.training
  return {
    title,
    caption,
    svg: drawSvg({
      ...sizes,
      x: { type: 'log', base: 2, label: 'context (tokens)', tickFormat: (n: number) => String(n) },
      y: { label, grid: true, nice: true },
      marks: [
        ...(isLonger(task) ? [Plot.ruleX([length], { stroke: '#bbb' })] : []),
        ...lines.map(({ values, colour, dash }) =>
          Plot.lineY(
            values.map((nats, i) => ({ context: contexts[i], nats })),
            {
              x: 'context',
              y: 'nats',
              stroke: colour,
              strokeWidth: 2,
              marker: dash === undefined ? 'dot' : 'none',
              strokeDasharray: dash,
            },
          ),
        ),
      ],
    }),
    legend: lines.map(({ name, colour, dash }) => ({ name, colour, ...(dash !== undefined && { dash }) })),
  }
}
