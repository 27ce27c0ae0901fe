import type { Tensor } from '@ttt-e2e/tensor-ops'
import { defineTttOp, runTttOp, type TttTokens } from '../ttt-layer/define'

const op = defineTttOp('TttMlp', 2)

/** The inner model gelu(z·W1 + b1)·W2 + b2 as of the open mini-batch's start, and its Σ rate · gradient since. */
export type TttMlpState = {
  /** [B, H, d, F] */
  w1: Tensor
  /** [B, H, F] */
  b1: Tensor
  /** [B, H, F, d] */
  w2: Tensor
  /** [B, H, d] */
  b2: Tensor
  w1Sum: Tensor
  b1Sum: Tensor
  w2Sum: Tensor
  b2Sum: Tensor
}

/**
 * TTT-MLP's scan: as `tttLinear`, with an inner model of two layers and gelu (its tanh form) between them; the
 * gradients of both layers are taken at the mini-batch's start.
 *
 * @param position int32 [B]: the tokens of each sequence before these, which say how far the open mini-batch is read
 * @returns y [B, T, H, d] and the state after these tokens
 */
export function tttMlp(tokens: TttTokens, state: TttMlpState, position: Tensor) {
  return runTttOp(op, tokens, state, position)
}
export { op as tttMlpOp }
