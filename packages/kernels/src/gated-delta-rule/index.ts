import { defineFusedOp, multipleOf, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { unitQueriesAndKeys } from '../chunked-scan/unit-vectors'
import { gatedDeltaRuleReference } from './reference'

const op = defineFusedOp({
  name: 'GatedDeltaRule',
  inputs: ['q', 'k', 'v', 'g', 'beta', 'state'],
  outputs: ['o', 'lastState'],
  attributes: { chunk: 64 },
  outputShapes: ({ v, state }: Shapes) => ({ o: v, lastState: state }),
  inputShapes: ({ k: [batch, length, keyHeads, depth], v: [, , heads, width] }: Shapes) => ({
    q: [batch, length, keyHeads, depth],
    k: [batch, length, keyHeads, depth],
    v: [batch, length, multipleOf(heads, keyHeads), width],
    g: [batch, length, heads],
    beta: [batch, length, heads],
    state: [batch, heads, depth, width],
  }),
  wholeNumbers: { chunk: 1 },
  reference: gatedDeltaRuleReference,
})

/**
 * The gated delta rule, for each value head, on queries and keys that it brings to length 1, queries times 1/√K:
 * S ← e^g S; S ← S + k (β (v − Sᵀ k))ᵀ; o = Sᵀ q.
 *
 * @param inputs what is read
 * @param inputs.q [B, T, H, K]
 * @param inputs.k [B, T, H, K]; of both, each head shared by Hv/H consecutive value heads
 * @param inputs.v [B, T, Hv, V]
 * @param inputs.g [B, T, Hv] logarithms of the decays, at most 0
 * @param inputs.beta [B, T, Hv] in [0, 1], or up to 2 for negative eigenvalues
 * @param inputs.state [B, Hv, K, V] before the first token
 * @param options how to compute it
 * @param options.chunk tokens that are computed as matrices at once; the result doesn't depend on it
 * @returns o [B, T, Hv, V] and the state after these tokens
 */
export function gatedDeltaRule(
  { q, k, ...others }: { q: Tensor; k: Tensor; v: Tensor; g: Tensor; beta: Tensor; state: Tensor },
  options: { chunk?: number } = {},
): { o: Tensor; lastState: Tensor } {
  const { o, lastState } = op({ ...unitQueriesAndKeys(q, k), ...others }, options)
  return { o, lastState }
}
/** The rule alone, on queries and keys as they are. */
export { op as gatedDeltaRuleOp }
