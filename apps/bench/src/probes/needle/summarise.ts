import { needleLength } from '@ttt-e2e/data'
import type { Measurement, TaskResults } from '../../experiment/results'
import { wilson } from '../../statistics'
import type { NeedleMeasured, Place, Recalled } from './measure'

/** A share of documents with its 95 % Wilson interval over documents and seeds. */
export interface Recall extends Pick<Recalled, 'kind' | 'multiple' | 'place'> {
  right: number
  documents: number
  mean: number
  low: number
  high: number
}

export interface NeedleSummary {
  /** By system. */
  recall: Record<string, Recall[]>
  /** All kinds and contexts together, by system and place. */
  overall: Record<string, Partial<Record<Place, Omit<Recall, 'kind' | 'multiple' | 'place'>>>>
}

/** Of all seeds together; only systems of the comparison. */
export function summariseNeedle(
  measured: Measurement<NeedleMeasured>[],
  { systems }: TaskResults,
): NeedleSummary {
  const of = (name: string) =>
    measured
      .flatMap(({ value }) => value.recalled.filter(({ system }) => system === name))
      .map(({ cells }) => cells)
  const read = systems.map(({ name }) => name).filter((name) => of(name).length > 0)
  return {
    recall: Object.fromEntries(
      read.map((name) => [
        name,
        of(name)[0].map(({ kind, multiple, place }, cell) => ({
          kind,
          multiple,
          place,
          ...shareOf(of(name).map((cells) => cells[cell])),
        })),
      ]),
    ),
    overall: Object.fromEntries(
      read.map((name) => {
        const at = (place: Place) => {
          const cells = of(name)
            .flat()
            .filter((cell) => cell.place === place)
          return cells.length === 0 ? {} : { [place]: shareOf(cells) }
        }
        return [name, { ...at('inside'), ...at('outside') }]
      }),
    ),
  }
}

function shareOf(cells: readonly Recalled[]) {
  const right = cells.reduce((sum, cell) => sum + cell.right, 0)
  const documents = cells.reduce((sum, cell) => sum + cell.documents, 0)
  return { right, documents, ...wilson(right, documents) }
}

/** The share of needles that are inside the window where they may be anywhere in the document. */
export function insideShare({ kind, multiple }: Pick<Recall, 'kind' | 'multiple'>, window: number): number {
  const own = needleLength(kind)
  return Math.min(1, (window - own) / (multiple * window - 2 * own + 1))
}
