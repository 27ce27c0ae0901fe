import type { Tensor } from '@ttt-e2e/tensor-ops'
import { defineTttOp, runTttOp, type TttTokens } from '../ttt-layer/define'

const op = defineTttOp('TttLinear', 1)

/** The inner model z·W1 + b1 as of the open mini-batch's start, and its Σ rate · gradient over the tokens read of it. */
export type TttLinearState = {
  /** [B, H, d, d] */
  w1: Tensor
  /** [B, H, d] */
  b1: Tensor
  w1Sum: Tensor
  b1Sum: Tensor
}

/**
 * TTT-Linear's scan (Sun et al. 2024, §2.3–2.5) in dual form: for each head, token j asks an inner model f to tell
 * vⱼ − kⱼ from kⱼ, with loss ½ ‖LN(f(kⱼ)) − (vⱼ − kⱼ)‖². All gradients of a mini-batch of K tokens are taken at the
 * weights W of its start; the token at place i reads yᵢ = qᵢ + LN(f(qᵢ)) with W − factorᵢ · Σ_{j ≤ i} rateⱼ · gradientⱼ,
 * and the next mini-batch starts from the weights of the last one. Linear in T, whatever the number of tokens read.
 *
 * @param position int32 [B]: the tokens of each sequence before these, which say how far the open mini-batch is read
 * @returns y [B, T, H, d] and the state after these tokens: reading at once or in pieces gives the same
 */
export function tttLinear(tokens: TttTokens, state: TttLinearState, position: Tensor) {
  return runTttOp(op, tokens, state, position)
}
export { op as tttLinearOp }
