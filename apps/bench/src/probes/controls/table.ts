import { inInterval, type Table } from '@ttt-e2e/report'
import type { ProbeResults } from '../../experiment/results'
import type { ControlsMeasured } from './measure'
import { pairs, type ControlsSummary } from './summarise'

type Results = ProbeResults<ControlsMeasured, ControlsSummary>

export const controlsTables = ({ summary }: Results): Table[] =>
  [twoByTwo(summary), ratesTable(summary), contextTable(summary), traceTable(summary)].filter(
    ({ rows }) => rows.length > 0,
  )

const training = { 'ttt-e2e': 'meta-trained', 'ttt-naive': 'trained without learning' } as const

function twoByTwo({ last, rates, bestRate, gains }: ControlsSummary): Table {
  return {
    title: 'trained to learn or not, read with learning or not (nats over the last quarter)',
    columns: ['weights', 'learning off', 'learning on', 'at its best inner rate', 'gain with its interval'],
    rows: pairs.flatMap(([learning, still]) => {
      const gain = gains[learning]
      if (!gain) return []
      const best = rates[learning].find(({ rate }) => rate === bestRate[learning])!
      return [
        [
          training[learning],
          last[still].toFixed(3),
          last[learning].toFixed(3),
          `${best.loss.toFixed(3)} at ${best.rate}`,
          inInterval(gain),
        ],
      ]
    }),
    note: 'gain: learning less not learning with the same weights, paired over documents and seeds; of naive learning at the best rate of the sweep',
  }
}

function ratesTable({ rates }: ControlsSummary): Table {
  const swept = Object.entries(rates)
  return {
    title: 'inner rate while reading (nats over the last quarter)',
    columns: ['system', ...(swept[0]?.[1] ?? []).map(({ rate }) => String(rate))],
    rows: swept.map(([name, each]) => [name, ...each.map(({ loss }) => loss.toFixed(3))]),
    note: 'the rate that a system was trained with is its recipe’s; here only reading uses another',
  }
}

function contextTable({ context }: ControlsSummary): Table {
  return {
    title: 'an ending after its own beginning, after that of another document, and after nothing (nats)',
    columns: ['system', 'own', 'another', 'nothing', 'own gains', 'another gains'],
    rows: Object.entries(context).map(([name, { own, another, none, gainOfOwn, gainOfAnother }]) => [
      name,
      ...[own, another, none].map((nats) => nats.toFixed(3)),
      inInterval(gainOfOwn),
      inInterval(gainOfAnother),
    ]),
    note: 'only targets out of the windows’ reach of what was read before; gains are against nothing, with 95 % intervals',
  }
}

function traceTable({ trace }: ControlsSummary): Table {
  return {
    title: 'weights along long texts',
    columns: [
      'system',
      'tokens',
      'nats since the row before',
      '‖W − W₀‖',
      'of ‖W₀‖',
      'gradient after the clip',
    ],
    rows: Object.entries(trace).flatMap(([name, points]) =>
      points.map(({ tokens, loss, distance, share, gradient }) => [
        name,
        String(tokens),
        loss.toFixed(3),
        distance.toFixed(2),
        `${(100 * share).toFixed(0)} %`,
        gradient.toFixed(3),
      ]),
    ),
    note: 'each text in one language, from the training length on; the gradient’s norm is clipped at 1',
  }
}
