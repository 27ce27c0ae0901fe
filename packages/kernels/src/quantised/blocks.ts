/** Values along the depth that share a scale and a minimum. */
export const blockDepth = 32
/** Columns whose words stand side by side. */
export const blockColumns = 16
/** Words of a block: its scale and minimum, and 32 values of four or eight bits. */
export const wordsOf = { 4: 5, 8: 9 } as const

/**
 * A matrix of whole numbers with a scale and a minimum for every 32 of them along the depth: the value is
 * scale · q + minimum.
 */
export interface QuantisedMatrix {
  /** 4: q from 0 to 15; 8: q from −128 to 127. */
  bits: 4 | 8
  /** What a product has of outputs. */
  columns: number
  /** What it sums over. */
  depth: number
  /** A block's scale and minimum as the bits of f16, the scale lower. Blocks of a column follow each other. */
  scales(block: number): number
  /** The block's values, the first in the lowest bits: four words of four-bit ones, or eight words. */
  word(block: number, index: number): number
}

/**
 * Lays a matrix out as the kernels take it, see quantised.h.
 *
 * @returns int32 [columns / 16, depth / 32, words, 16]
 * @throws RangeError for sizes that such blocks don't fill
 */
export function interleaveBlocks({ bits, columns, depth, scales, word }: QuantisedMatrix): {
  shape: number[]
  values: Int32Array<ArrayBuffer>
} {
  if (columns % blockColumns !== 0 || depth % blockDepth !== 0)
    throw new RangeError(
      `a quantised matrix has a multiple of ${blockColumns} columns and of ${blockDepth} values in each, not ${columns} and ${depth}`,
    )
  const [blocks, words] = [depth / blockDepth, wordsOf[bits]]
  const shape = [columns / blockColumns, blocks, words, blockColumns]
  const values = new Int32Array(columns * blocks * words)
  for (let column = 0; column < columns; column++)
    for (let block = 0; block < blocks; block++) {
      const from = column * blocks + block
      const group = Math.floor(column / blockColumns) * blocks + block
      const to = group * words * blockColumns + (column % blockColumns)
      values[to] = scales(from)
      for (let i = 1; i < words; i++) values[to + i * blockColumns] = word(from, i - 1)
    }
  return { shape, values }
}
