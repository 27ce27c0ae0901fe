import {
  atLeast,
  defineFusedOp,
  type FusedOp,
  type Shapes,
  type Tensor,
  type WantedShapes,
} from '@ttt-e2e/tensor-ops'
import { tttReference } from './reference'

/** What every TTT op reads, beside its inner model. */
export interface TttTokens {
  /** [B, T, H, d]; queries and keys already rotated. */
  q: Tensor
  k: Tensor
  v: Tensor
  /** Each token's inner learning rate [B, T, H]. */
  rates: Tensor
  /** The factor of each place in a mini-batch [K]: its length is the mini-batch's. */
  factors: Tensor
  /** LayerNorm of each head's predictions [H, d]. */
  normScale: Tensor
  normShift: Tensor
}

/** The names of the inner model's weights, layer by layer. */
const weightNames = (depth: number) =>
  Array.from({ length: depth }, (_, i) => [`w${i + 1}`, `b${i + 1}`]).flat()

/** The op of an inner model with `depth` layers: inputs w1, b1, …, then w1Sum, b1Sum, …; outputs y and their Next. */
export function defineTttOp(name: string, depth: number): FusedOp<{ filled: number }> {
  const weights = weightNames(depth)
  const carried = [...weights, ...weights.map((weight) => `${weight}Sum`)]
  return defineFusedOp({
    name,
    inputs: ['q', 'k', 'v', 'rates', 'factors', 'normScale', 'normShift', ...carried],
    outputs: ['y', ...carried.map((input) => `${input}Next`)],
    attributes: { filled: 0 },
    outputShapes: (shapes: Shapes) => ({
      y: shapes.q,
      ...Object.fromEntries(carried.map((input) => [`${input}Next`, shapes[input]])),
    }),
    inputShapes: (shapes: Shapes, { filled }) => {
      const [batch, length, heads, width] = shapes.q
      const tokens = [batch, length, heads, width]
      const wanted: WantedShapes = {
        q: tokens,
        k: tokens,
        v: tokens,
        rates: [batch, length, heads],
        factors: [atLeast(filled + 1, shapes.factors[0])],
        normScale: [heads, width],
        normShift: [heads, width],
      }
      let into = width
      for (let i = 1; i <= depth; i++) {
        const out = i === depth ? width : shapes[`w${i}`][3]
        wanted[`w${i}`] = wanted[`w${i}Sum`] = [batch, heads, into, out]
        wanted[`b${i}`] = wanted[`b${i}Sum`] = [batch, heads, out]
        into = out
      }
      return wanted
    },
    wholeNumbers: { filled: 0 },
    reference: (inputs, attributes) => tttReference(inputs, attributes, depth),
  })
}

/** Runs a TTT op on a state of the form { w1, b1, …, w1Sum, b1Sum, … } and returns the state after these tokens. */
export function runTttOp<State extends Record<string, Tensor>>(
  op: FusedOp<{ filled: number }>,
  tokens: TttTokens,
  state: State,
  filled: number,
): { y: Tensor; state: State } {
  const [miniBatch] = tokens.factors.shape
  if (!(Number.isInteger(filled) && filled >= 0 && filled < miniBatch))
    throw new Error(
      `${op.name}: ${filled} tokens of a mini-batch of ${miniBatch} are read, it must be a whole number below ${miniBatch}`,
    )
  const outputs = op({ ...tokens, ...state }, { filled })
  const names = Object.keys(state) as (keyof State & string)[]
  return {
    y: outputs.y,
    state: Object.fromEntries(names.map((name) => [name, outputs[`${name}Next`]])) as State,
  }
}
