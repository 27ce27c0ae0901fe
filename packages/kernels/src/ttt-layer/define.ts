import {
  atLeast,
  defineFusedOp,
  type Attributes,
  type FusedOp,
  type Shapes,
  type Tensor,
  type WantedShapes,
} from '@ttt-e2e/tensor-ops'
import { highestTokenRate } from '../highest-rate'
import { tttReference } from './reference'

/** What every TTT op reads, beside its inner model. */
export interface TttTokens {
  /** [B, T, H, d]; queries and keys already rotated. */
  q: Tensor
  k: Tensor
  v: Tensor
  /** Each token's inner learning rate [B, T, H], of a size of at most `highestTokenRate`. */
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
export function defineTttOp(name: string, depth: number): FusedOp {
  const weights = weightNames(depth)
  const carried = [...weights, ...weights.map((weight) => `${weight}Sum`)]
  const inputs = ['q', 'k', 'v', 'rates', 'factors', 'normScale', 'normShift', ...carried]
  return defineFusedOp<Attributes>({
    name,
    inputs: [...inputs, 'position'],
    integers: ['position'],
    largest: { rates: highestTokenRate },
    differentiable: inputs,
    outputs: ['y', ...carried.map((input) => `${input}Next`)],
    // Each starts as a copy of what it goes on from, which isn't looked at again.
    overwrites: Object.fromEntries(carried.map((input) => [`${input}Next`, input])),
    outputShapes: (shapes: Shapes) => ({
      y: shapes.q,
      ...Object.fromEntries(carried.map((input) => [`${input}Next`, shapes[input]])),
    }),
    inputShapes: (shapes: Shapes) => {
      const [batch, length, heads, width] = shapes.q
      const tokens = [batch, length, heads, width]
      const wanted: WantedShapes = {
        q: tokens,
        k: tokens,
        v: tokens,
        rates: [batch, length, heads],
        factors: [atLeast(1, shapes.factors[0])],
        normScale: [heads, width],
        normShift: [heads, width],
        position: [batch],
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
    // A gradient's reference comes with cotangents too, whose first axis may be another.
    reference: (given) =>
      tttReference(Object.fromEntries([...inputs, 'position'].map((name) => [name, given[name]])), depth),
  })
}

/** Runs a TTT op on a state of the form { w1, b1, …, w1Sum, b1Sum, … } and returns the state after these tokens. */
export function runTttOp<State extends Record<string, Tensor>>(
  op: FusedOp,
  tokens: TttTokens,
  state: State,
  position: Tensor,
): { y: Tensor; state: State } {
  const outputs = op({ ...tokens, ...state, position })
  const names = Object.keys(state) as (keyof State & string)[]
  return {
    y: outputs.y,
    state: Object.fromEntries(names.map((name) => [name, outputs[`${name}Next`]])) as State,
  }
}
