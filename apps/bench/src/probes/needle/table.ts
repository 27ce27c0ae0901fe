import { needleKinds, type NeedleKind } from '@ttt-e2e/data'
import type { Table } from '@ttt-e2e/report'
import type { ProbeResults } from '../../experiment/results'
import { percent } from '../percent'
import type { NeedleMeasured } from './measure'
import { published, publishedMultiples } from './published'
import { insideShare, type NeedleSummary, type Recall } from './summarise'

type Results = ProbeResults<NeedleMeasured, NeedleSummary>

const titles: Record<NeedleKind, string> = {
  'pass-key': 'S-NIAH-1, pass key',
  number: 'S-NIAH-2, number',
  uuid: 'S-NIAH-3, UUID',
}

/** For each kind of needle: inside and outside apart, then as published, the needle anywhere. */
export const needleTables = (results: Results): Table[] =>
  needleKinds.flatMap((kind) => [apart(kind, results), anywhere(kind, results)])

const multiplesOf = ({ summary }: Results) => [
  ...new Set(Object.values(summary.recall).flatMap((cells) => cells.map(({ multiple }) => multiple))),
]

function apart(kind: NeedleKind, results: Results): Table {
  const multiples = multiplesOf(results)
  const { window } = results.measured[0].value
  return {
    title: `${titles[kind]}: recalled, by context in windows of ${window} and by where the needle is`,
    columns: ['system', 'needle', ...multiples.map((multiple) => `${multiple} ×`)],
    rows: Object.entries(results.summary.recall).flatMap(([system, cells]) =>
      (['inside', 'outside'] as const).map((place) => [
        system,
        `${place} the window`,
        ...multiples.map((multiple) => interval(find(cells, kind, multiple, place))),
      ]),
    ),
    note: 'documents whose value is given again symbol for symbol, with 95 % Wilson intervals over documents and seeds; chance is below 0.1 %',
  }
}

function anywhere(kind: NeedleKind, results: Results): Table {
  const { window } = results.measured[0].value
  return {
    title: `${titles[kind]}: needles anywhere, beside the published numbers`,
    columns: ['system', ...publishedMultiples.map((multiple) => `${multiple} ×`)],
    rows: Object.entries(results.summary.recall).flatMap(([system, cells]) => [
      [
        `${system}, here`,
        ...publishedMultiples.map((multiple) => percent(anywhereOf(cells, kind, multiple, window))),
      ],
      ...(published[system]
        ? [[`${system}, published`, ...published[system][kind].map((share) => percent(share))]]
        : []),
    ]),
    note: `here: window ${window}, inside and outside weighted as places are where the needle may be anywhere; published: 3B, window 8K, contexts 8K to 128K`,
  }
}

const find = (cells: readonly Recall[], kind: NeedleKind, multiple: number, place: Recall['place']) =>
  cells.find((cell) => cell.kind === kind && cell.multiple === multiple && cell.place === place)

const interval = (cell: Recall | undefined) =>
  cell ? `${percent(cell.mean)} (${percent(cell.low)}–${percent(cell.high)})` : '–'

/** The share that is recalled where a needle may be anywhere. */
export function anywhereOf(
  cells: readonly Recall[],
  kind: NeedleKind,
  multiple: number,
  window: number,
): number | undefined {
  const [inside, outside] = (['inside', 'outside'] as const).map((place) =>
    find(cells, kind, multiple, place),
  )
  if (!inside) return undefined
  const share = outside ? insideShare(inside, window) : 1
  return share * inside.mean + (1 - share) * (outside?.mean ?? 0)
}
