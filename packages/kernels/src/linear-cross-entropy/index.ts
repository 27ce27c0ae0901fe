import { atLeast, defineFusedOp, isDifferentiated, tf, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { isQuantised, quantisedDepth, quantisedShape } from '../quantised'
import { dequantised } from '../quantised/reference'
import { linearCrossEntropyReference } from './reference'

const inputs = ['hidden', 'weight', 'targets']
const differentiable = ['hidden', 'weight']
const integers = ['targets']
const inputShapes = ({ hidden: [rows, width], weight: [vocabulary] }: Shapes) => ({
  hidden: [rows, atLeast(1, width)],
  weight: [vocabulary, width],
  targets: [rows],
})

/**
 * Also gives the slope of each loss along its row's hidden state, ∂losses[n]/∂hidden[n] [N, D]: the gradient of an
 * inner step is the slope times a number, and the gradient of that gradient meets the loss's own in one kernel.
 */
const op = defineFusedOp({
  name: 'LinearCrossEntropy',
  inputs,
  inputShapes,
  integers,
  differentiable,
  outputs: ['losses', 'slopes'],
  memo: ['slopes'],
  outputShapes: ({ hidden }: Shapes) => ({ losses: [hidden[0]], slopes: hidden }),
  reference: linearCrossEntropyReference,
  simpleGradients: ({ losses, slopes: alongSlopes }, { slopes }) =>
    losses === undefined || alongSlopes !== undefined
      ? {}
      : { hidden: tf.mul(slopes, tf.expandDims(losses, -1)) },
})

/** The losses alone, for whoever only reads. */
const lossesOnly = defineFusedOp({
  name: 'LinearCrossEntropyLosses',
  inputs,
  inputShapes,
  integers,
  differentiable,
  outputs: ['losses'],
  outputShapes: ({ hidden }: Shapes) => ({ losses: [hidden[0]] }),
  reference: (tensors) => ({ losses: linearCrossEntropyReference(tensors).losses }),
})

/** The losses with a quantised weight, which nobody differentiates. */
const quantisedOp = defineFusedOp({
  name: 'QuantisedCrossEntropy',
  inputs,
  inputShapes: ({ hidden: [rows], weight }: Shapes) => ({
    hidden: [rows, quantisedDepth(weight)],
    weight: quantisedShape(weight),
    targets: [rows],
  }),
  integers: ['weight', 'targets'],
  differentiable: [],
  outputs: ['losses'],
  outputShapes: ({ hidden }: Shapes) => ({ losses: [hidden[0]] }),
  reference: ({ weight, ...rest }) => ({
    losses: linearCrossEntropyReference({ ...rest, weight: dequantised(weight) }).losses,
  }),
})

/**
 * Cross entropy of softmax(hidden · weightᵀ) at the targets, in nats, one per row.
 *
 * @param hidden [N, D]
 * @param weight [V, D], or quantised, see `quantisedLinear`
 * @param targets int32 [N], each in [0, V)
 * @returns [N]
 */
export function linearCrossEntropy(hidden: Tensor, weight: Tensor, targets: Tensor): Tensor {
  if (isQuantised(weight)) return quantisedOp({ hidden, weight, targets }).losses
  return (isDifferentiated() ? op : lossesOnly)({ hidden, weight, targets }).losses
}
export { op as linearCrossEntropyOp, lossesOnly as linearCrossEntropyLossesOp }
