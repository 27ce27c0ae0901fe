import type { SystemsProbe } from '../probe'
import { readingFigure } from './figure'
import { measureReading, type ReadingSizes, type TimedPiece } from './measure'
import { summariseReading, type ReadingSummary } from './summarise'
import { readingTable } from './table'

/** What a token costs after so many others: flat where the memory is of constant size. */
export const readingSpeed: SystemsProbe<TimedPiece[], ReadingSummary, ReadingSizes> = {
  name: 'reading-speed',
  needs: 'systems',
  measure: measureReading,
  summarise: summariseReading,
  table: readingTable,
  figure: readingFigure,
}
