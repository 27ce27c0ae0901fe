import { defineFusedOp, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { rmsNormReference } from './reference'

const op = defineFusedOp({
  name: 'RmsNorm',
  inputs: ['x', 'scale'],
  outputs: ['y'],
  attributes: { epsilon: 1e-6 },
  outputShapes: ({ x }: Shapes) => ({ y: x }),
  inputShapes: ({ x }: Shapes) => ({
    x: x.length > 0 ? x : ['any others', 'width'],
    scale: [x[x.length - 1]],
  }),
  reference: rmsNormReference,
})

/**
 * x · rsqrt(mean(x²) + epsilon) · scale, the mean over the last axis.
 *
 * @param x [..., D]
 * @param scale [D]
 */
export function rmsNorm(x: Tensor, scale: Tensor, epsilon = 1e-6): Tensor {
  return op({ x, scale }, { epsilon }).y
}
export { op as rmsNormOp }
