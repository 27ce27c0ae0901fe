import { defineFusedOp, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { blockColumns, formatOfWords, quantisedFormats } from './formats'
import { quantisedLinearReference, quantisedRowsReference } from './reference'

export type { QuantisedFormatName } from './formats'
export { fillsBlocks, interleaveBlocks, type QuantisedMatrix } from './interleave'

const formatOf = (weight: readonly number[]) => quantisedFormats[formatOfWords(weight[2]) ?? '4 bits']

/** The shape that a quantised weight must have to be of this many words. */
export const quantisedShape = (weight: readonly number[]): number[] => [
  weight[0],
  weight[1],
  formatOf(weight).words,
  blockColumns,
]

/** What a product with it sums over. */
export const quantisedDepth = (weight: readonly number[]): number => formatOf(weight).depth * weight[1]

const linearOp = defineFusedOp({
  name: 'QuantisedLinear',
  inputs: ['x', 'weight'],
  integers: ['weight'],
  differentiable: [],
  outputs: ['y'],
  inputShapes: ({ x, weight }: Shapes) => ({
    x: [...x.slice(0, -1), quantisedDepth(weight)],
    weight: quantisedShape(weight),
  }),
  outputShapes: ({ x, weight }: Shapes) => ({ y: [...x.slice(0, -1), blockColumns * weight[0]] }),
  reference: quantisedLinearReference,
})

const rowsOp = defineFusedOp({
  name: 'QuantisedRows',
  inputs: ['weight', 'indices'],
  integers: ['weight', 'indices'],
  differentiable: [],
  outputs: ['rows'],
  inputShapes: ({ weight, indices }: Shapes) => ({ weight: quantisedShape(weight), indices }),
  outputShapes: ({ weight, indices }: Shapes) => ({ rows: [...indices, quantisedDepth(weight)] }),
  reference: quantisedRowsReference,
})

/** Whether a weight stands as quantised blocks, of which there are no gradients, see `interleaveBlocks`. */
export const isQuantised = (weight: Tensor): boolean => weight.dtype === 'int32'

/**
 * y = x · weight, unpacked as it is multiplied, in float32 whatever the run's precision. The bits are those of the product
 * with the weight in float32.
 *
 * @param x [..., I]
 * @param weight int32 [O / 16, I / values that stand together, words, 16], see `quantisedFormats`
 * @returns [..., O]
 */
export const quantisedLinear = (x: Tensor, weight: Tensor): Tensor => linearOp({ x, weight }).y

/**
 * Rows of a weight, as an embedding's.
 *
 * @param weight int32 [V / 16, D / values that stand together, words, 16]
 * @param indices int32 [...], each in [0, V)
 * @returns [..., D]
 */
export const quantisedRows = (weight: Tensor, indices: Tensor): Tensor => rowsOp({ weight, indices }).rows

/** Whether the engine in use multiplies such weights without expanding them. */
export const keepsQuantised = (): boolean =>
  linearOp.kernelFor({ x: [1, 32], weight: [1, 1, quantisedFormats['4 bits'].words, blockColumns] }) === true
