import { defineFusedOp, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { isQuantised, quantisedLinear } from '../quantised'
import { linearReference } from './reference'

const op = defineFusedOp({
  name: 'Linear',
  inputs: ['x', 'weight'],
  outputs: ['y'],
  outputShapes: ({ x, weight }: Shapes) => ({ y: [...x.slice(0, -1), weight[weight.length - 1]] }),
  inputShapes: ({ x, weight }: Shapes) => {
    const inner = x[x.length - 1]
    return {
      x: x.length >= weight.length - 1 ? x : ['batch', 'any others', inner],
      weight: weight.length === 3 ? [x[0], inner, weight[2]] : [inner, weight[1]],
    }
  },
  reference: linearReference,
})

/**
 * y = x · weight.
 *
 * @param x [..., I]
 * @param weight [I, O], or [B, I, O] for a weight of its own for each sequence of x [B, ..., I]; or quantised, see
 * `quantisedLinear`
 * @returns [..., O]
 */
export function linear(x: Tensor, weight: Tensor): Tensor {
  return isQuantised(weight) ? quantisedLinear(x, weight) : op({ x, weight }).y
}
export { op as linearOp }
