import { sizeOf } from '../engines/size-of'
import type { GpuBackend } from '../engines/webgpu/backend'
import { present, type GpuFusedKernel, type GpuFusedKernels } from '../engines/webgpu/fused-kernel'
import { productPart, rowMajor, transposed, type Factor } from '../engines/webgpu/product'
import { productParts } from '../engines/webgpu/product-parts'
import { fillParts } from '../engines/webgpu/stock/fill'
import type { Part } from '../engines/webgpu/kernel'

/** x as rows of one matrix, or of one for each sequence where each has weights of its own. */
interface Sizes {
  batch: number
  rows: number
  inner: number
  outer: number
}

function sizesOf(x: readonly number[], weight: readonly number[]): Sizes {
  const batch = weight.length === 3 ? weight[0] : 1
  const [inner, outer] = weight.slice(-2)
  return { batch, rows: sizeOf(x.slice(weight.length === 3 ? 1 : 0, -1)), inner, outer }
}

/** A product of two of a call's inputs, each given by its name; `T` behind it turns it round. */
type Term = readonly [a: string, b: string]

/**
 * A kernel of products, each of which stands as a matrix of `rows` of x, or as one of the weight.
 *
 * @param outputs for each output the products that it is the sum of: those with an input that the call lacks are zero
 */
const products =
  (outputs: Readonly<Record<string, readonly Term[]>>): GpuFusedKernel =>
  (call, family) => {
    const { inputs, inputNames, outputs: made, outputNames } = present(call, family)
    const sizes = sizesOf(call.inputs[0]!.shape, call.inputs[1]!.shape)
    const parts = outputNames.flatMap((name, output) => {
      const terms = outputs[name].filter((term) =>
        term.every((factor) => inputNames.includes(factor.replace('T', ''))),
      )
      return terms.length === 0
        ? fillParts(sizeOf(made[output].shape), 0, call.backend.mostBound, output)
        : terms.flatMap((term, i) => termParts(term, inputNames, output, sizes, call.backend, i > 0))
    })
    return call.backend.call(inputs, made, parts)
  }

function termParts(
  [a, b]: Term,
  inputNames: readonly string[],
  output: number,
  { batch, rows, inner, outer }: Sizes,
  backend: GpuBackend,
  accumulate: boolean,
): Part[] {
  const widthOf = (name: string) => (name === 'x' || name === 'd_grad_x' ? inner : outer)
  const lengthOf = (name: string) => (name.endsWith('weight') ? inner : rows)
  const factorOf = (factor: string): { matrix: Factor; rows: number; columns: number; size: number } => {
    const name = factor.replace('T', '')
    const matrix = rowMajor(inputNames.indexOf(name), widthOf(name))
    const [length, width] = [lengthOf(name), widthOf(name)]
    return factor.endsWith('T')
      ? { matrix: transposed(matrix), rows: width, columns: length, size: length * width }
      : { matrix, rows: length, columns: width, size: length * width }
  }
  const [left, right] = [factorOf(a), factorOf(b)]
  const sizes = { rows: left.rows, columns: right.columns, depth: left.columns, accumulate }
  if (batch === 1) return productParts(left.matrix, right.matrix, { output }, sizes, backend)
  const walk = { shape: [batch], strides: [[left.size], [right.size]] }
  return [productPart(left.matrix, right.matrix, { output }, sizes, backend, walk)]
}

export const gpuKernels: GpuFusedKernels = {
  Linear: products({ y: [['x', 'weight']] }),
  LinearGrad: products({ grad_x: [['d_y', 'weightT']], grad_weight: [['xT', 'd_y']] }),
  LinearGradGrad: products({
    grad2_x: [['d_y', 'd_grad_weightT']],
    grad2_weight: [['d_grad_xT', 'd_y']],
    grad2_d_y: [
      ['d_grad_x', 'weight'],
      ['x', 'd_grad_weight'],
    ],
  }),
}
