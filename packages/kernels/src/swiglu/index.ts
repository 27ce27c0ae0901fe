import { defineFusedOp, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { swigluReference } from './reference'

const op = defineFusedOp({
  name: 'Swiglu',
  inputs: ['gate', 'up'],
  outputs: ['y'],
  outputShapes: ({ gate }: Shapes) => ({ y: gate }),
  inputShapes: ({ gate }: Shapes) => ({ gate, up: gate }),
  reference: swigluReference,
})

/** silu(gate) ⊙ up, both of one shape; silu(z) = z · sigmoid(z). */
export function swiglu(gate: Tensor, up: Tensor): Tensor {
  return op({ gate, up }).y
}
export { op as swigluOp }
