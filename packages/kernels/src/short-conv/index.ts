import { atLeast, defineFusedOp, type FusedOpDefinition, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { shortConvReference } from './reference'

type ShortConvAttributes = { silu: number }

const definition = {
  kernel: 'ShortConv',
  outputs: ['y', 'lastState'],
  attributes: { silu: 0 },
  outputShapes: ({ x, state }: Shapes) => ({ y: x, lastState: state }),
  inputShapes: ({ x: [batch, length, channels], weight: [, taps] }: Shapes) => ({
    x: [batch, length, channels],
    weight: [channels, atLeast(2, taps)],
    state: [batch, channels, taps - 1],
    bias: [channels],
  }),
  wholeNumbers: { silu: 0 },
  reference: shortConvReference,
} satisfies Partial<FusedOpDefinition<ShortConvAttributes>>

const op = defineFusedOp({ ...definition, name: 'ShortConv', inputs: ['x', 'weight', 'state'] })
const biasedOp = defineFusedOp({
  ...definition,
  name: 'ShortConvBiased',
  inputs: ['x', 'weight', 'state', 'bias'],
})

/**
 * Causal depthwise convolution over the last K tokens: y[t] = bias + Σⱼ weight[:, j] · x[t − K + 1 + j], so that
 * weight[:, K − 1] multiplies the current token. The state holds the K − 1 inputs before the first token.
 *
 * @param x [B, T, C]
 * @param weight [C, K], K at least 2
 * @param state [B, C, K − 1], oldest first; zeros before the first token
 * @param options.bias [C]
 * @param options.silu whether y goes through silu
 * @returns y [B, T, C] and the state after these tokens
 */
export function shortConv(
  x: Tensor,
  weight: Tensor,
  state: Tensor,
  options: { bias?: Tensor; silu?: boolean } = {},
): { y: Tensor; lastState: Tensor } {
  const { bias } = options
  const attributes = { silu: options.silu ? 1 : 0 }
  const { y, lastState } = bias
    ? biasedOp({ x, weight, state, bias }, attributes)
    : op({ x, weight, state }, attributes)
  return { y, lastState }
}
export { op as shortConvOp, biasedOp as biasedShortConvOp }
