// What draws stands in `drawing.ts`, an entry of its own.
export { colourAt, colourInOrder, colourOf, referenceColour, referenceDashes } from './colours'
export { csvOf } from './csv'
export type { Figure } from './figure'
export { escapeHtml, figureHtml, pageHtml, tableHtml } from './html'
export { inInterval, isAbove, isBelow, signed, type WithInterval } from './numbers'
export type { Table } from './table'
export { formatTable } from './text-table'
