import { defineFusedOp, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { blockColumns, blockDepth, wordsOf } from './blocks'
import { quantisedLinearReference, quantisedRowsReference } from './reference'

export { blockColumns, blockDepth, interleaveBlocks, type QuantisedMatrix } from './blocks'

/** The shape that a quantised weight must have to be of this many words a block. */
export const quantisedShape = (weight: readonly number[]): number[] => [
  weight[0],
  weight[1],
  weight[2] === wordsOf[4] ? wordsOf[4] : wordsOf[8],
  blockColumns,
]

const linearOp = defineFusedOp({
  name: 'QuantisedLinear',
  inputs: ['x', 'weight'],
  integers: ['weight'],
  differentiable: [],
  outputs: ['y'],
  inputShapes: ({ x, weight }: Shapes) => ({
    x: [...x.slice(0, -1), blockDepth * weight[1]],
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
  outputShapes: ({ weight, indices }: Shapes) => ({ rows: [...indices, blockDepth * weight[1]] }),
  reference: quantisedRowsReference,
})

/** Whether a weight stands as quantised blocks, of which there are no gradients, see `interleaveBlocks`. */
export const isQuantised = (weight: Tensor): boolean => weight.dtype === 'int32'

/**
 * y = x · weight, unpacked as it is multiplied, in float32 whatever the run's precision. The bits are those of the product
 * with the weight in float32.
 *
 * @param x [..., I]
 * @param weight int32 [O / 16, I / 32, words, 16]
 * @returns [..., O]
 */
export const quantisedLinear = (x: Tensor, weight: Tensor): Tensor => linearOp({ x, weight }).y

/**
 * Rows of a weight, as an embedding's.
 *
 * @param weight int32 [V / 16, D / 32, words, 16]
 * @param indices int32 [...], each in [0, V)
 * @returns [..., D]
 */
export const quantisedRows = (weight: Tensor, indices: Tensor): Tensor => rowsOp({ weight, indices }).rows

/** Whether the engine in use multiplies such weights without expanding them. */
export const keepsQuantised = (): boolean =>
  linearOp.kernelFor({ x: [1, blockDepth], weight: [1, 1, wordsOf[4], blockColumns] }) === true
