import { tf, type Tensors } from '@ttt-e2e/tensor-ops'
import { speedSizes, type SpeedSizeName } from '../sizes'

/** A product of matrices in one of its forms. */
export interface ProductForm {
  name: string
  flops: number
  /** The caller owns them. */
  inputs: Tensors
  multiply(inputs: Tensors): Tensors
}

const sequences = 4

/**
 * Products at the shapes of a size: each transpose, one for all and one for each of several sequences.
 *
 * @param rows of a product: 1 is what decoding has; a chunk's tokens where left out
 */
export function productForms(size: SpeedSizeName, rows = speedSizes[size].model.chunk): ProductForm[] {
  const { hiddenSize, intermediateSize } = speedSizes[size].model
  const forms: ProductForm[] = []
  for (const batch of [1, sequences])
    for (const transposeA of [false, true])
      for (const transposeB of [false, true]) {
        const a = normal([batch, ...turned([rows, hiddenSize], transposeA)], 1)
        const b = normal([batch, ...turned([hiddenSize, intermediateSize], transposeB)], 2)
        forms.push({
          name: `${batch} × [${rows}, ${hiddenSize}]${transposeA ? 'ᵀ' : ''}[${hiddenSize}, ${intermediateSize}]${transposeB ? 'ᵀ' : ''}`,
          flops: 2 * batch * rows * hiddenSize * intermediateSize,
          inputs: { a, b },
          multiply: ({ a, b }) => ({ y: tf.matMul(a, b, transposeA, transposeB) }),
        })
      }
  return forms
}

/** The same for the same seed: results are compared. */
const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed)

const turned = ([rows, columns]: [number, number], transposed: boolean) =>
  transposed ? [columns, rows] : [rows, columns]
