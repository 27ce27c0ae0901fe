import { blockColumns, quantisedFormats, type QuantisedFormatName } from './formats'

/** A matrix of whole numbers with scales. */
export interface QuantisedMatrix {
  format: QuantisedFormatName
  /** What a product has of outputs. */
  columns: number
  /** What it sums over. */
  depth: number
  /** A word of those that stand together, see `quantisedFormats`; those of a column follow each other. */
  word(column: number, unit: number, index: number): number
}

/** Whether the blocks of a format fill a matrix of these sizes. */
export const fillsBlocks = (format: QuantisedFormatName, columns: number, depth: number): boolean =>
  columns % blockColumns === 0 && depth % quantisedFormats[format].depth === 0

/**
 * Lays a matrix out as the kernels take it, see quantised.h.
 *
 * @returns int32 [columns / 16, depth / values that stand together, words, 16]
 * @throws RangeError for sizes that such blocks don't fill
 */
export function interleaveBlocks({ format, columns, depth, word }: QuantisedMatrix): {
  shape: number[]
  values: Int32Array<ArrayBuffer>
} {
  const { depth: together, words } = quantisedFormats[format]
  if (!fillsBlocks(format, columns, depth))
    throw new RangeError(
      `a quantised matrix has a multiple of ${blockColumns} columns and of ${together} values in each, not ${columns} and ${depth}`,
    )
  const units = depth / together
  const values = new Int32Array(columns * units * words)
  for (let column = 0; column < columns; column++)
    for (let unit = 0; unit < units; unit++) {
      const group = Math.floor(column / blockColumns) * units + unit
      const to = group * words * blockColumns + (column % blockColumns)
      for (let i = 0; i < words; i++) values[to + i * blockColumns] = word(column, unit, i)
    }
  return { shape: [columns / blockColumns, units, words, blockColumns], values }
}
