import { defineFusedOp, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { linearCrossEntropyReference } from './reference'

const op = defineFusedOp({
  name: 'LinearCrossEntropy',
  inputs: ['hidden', 'weight', 'targets'],
  differentiable: ['hidden', 'weight'],
  outputs: ['losses'],
  outputShapes: ({ hidden }: Shapes) => ({ losses: [hidden[0]] }),
  reference: linearCrossEntropyReference,
})

/**
 * Cross entropy of softmax(hidden · weightᵀ) at the targets, in nats, one per row.
 *
 * @param hidden [N, D]
 * @param weight [V, D]
 * @param targets int32 [N], each in [0, V)
 * @returns [N]
 */
export function linearCrossEntropy(hidden: Tensor, weight: Tensor, targets: Tensor): Tensor {
  return op({ hidden, weight, targets }).losses
}
export { op as linearCrossEntropyOp }
