import { inInterval, type Table } from '@ttt-e2e/report'
import type { ProbeResults } from '../../experiment/results'
import { percent } from '../percent'
import type { Decoded } from './measure'
import type { DecodeSummary } from './summarise'
import { mean } from '../mean'

export const decodeTable = ({ summary }: ProbeResults<Decoded[], DecodeSummary>): Table[] => [
  {
    title: "generated text, scored by a judge that was trained apart (the judge's nats per byte)",
    columns: ['system', 'generated', 'ttt-e2e against it', 'different groups of four bytes'],
    rows: [
      ...Object.entries(summary.loss).map(([name, loss]) => [
        name,
        loss.toFixed(3),
        summary.differences[name] ? inInterval(summary.differences[name]) : '–',
        percent(summary.variety[name]),
      ]),
      [
        'the books themselves',
        mean(summary.original.slice(summary.original.length / 2)).toFixed(3),
        '–',
        '–',
      ],
    ],
    note:
      'temperature 1, top-p 0.95, repetition penalty 1.1, as published; the judge is an n-gram model of six bytes, counted on training ' +
      'text: it hears whether words and phrases are English, not whether a story holds together',
  },
]
