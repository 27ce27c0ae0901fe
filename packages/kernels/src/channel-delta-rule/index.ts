import { defineFusedOp, multipleOf, tf, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { unitQueriesAndKeys } from '../chunked-scan/unit-vectors'
import { channelDeltaRuleReference } from './reference'

/**
 * A delta rule whose decay has a rate for each channel of the keys, for each value head:
 * S ← diag(e^g) S; S ← S + k (v − Sᵀ erase)ᵀ; o = Sᵀ q. KDA and Gated DeltaNet-2 are this rule with different `erase` and v.
 * Queries and keys have H heads, `erase` and g a multiple of them, and v and the state a multiple of those; a head is
 * shared by consecutive ones.
 */
const op = defineFusedOp({
  name: 'ChannelDeltaRule',
  inputs: ['q', 'k', 'erase', 'v', 'g', 'state'],
  outputs: ['o', 'lastState'],
  attributes: { chunk: 16 },
  outputShapes: ({ v, state }: Shapes) => ({ o: v, lastState: state }),
  inputShapes: ({
    k: [batch, length, keyHeads, depth],
    g: [, , gateHeads],
    v: [, , heads, width],
  }: Shapes) => ({
    q: [batch, length, keyHeads, depth],
    k: [batch, length, keyHeads, depth],
    erase: [batch, length, gateHeads, depth],
    v: [batch, length, multipleOf(heads, gateHeads), width],
    g: [batch, length, multipleOf(gateHeads, keyHeads), depth],
    state: [batch, heads, depth, width],
  }),
  wholeNumbers: { chunk: 1 },
  reference: channelDeltaRuleReference,
})

/**
 * Kimi Delta Attention's rule (Kimi Linear, arXiv 2510.26692, section 3), for each value head, on queries and keys that it
 * brings to length 1, queries times 1/√K: S ← diag(e^g) S; S ← S + k (β (v − Sᵀ k))ᵀ; o = Sᵀ q.
 *
 * @param inputs.q and k [B, T, H, K], each head shared by Hv/H consecutive value heads
 * @param inputs.v [B, T, Hv, V]
 * @param inputs.g [B, T, Hv, K] logarithms of the decays, at most 0
 * @param inputs.beta [B, T, Hv] in [0, 1], or up to 2 for negative eigenvalues
 * @param inputs.state [B, Hv, K, V] before the first token
 * @param options.chunk tokens that are computed as matrices at once; the result doesn't depend on it
 * @returns o [B, T, Hv, V] and the state after these tokens
 */
export function kimiDeltaRule(
  inputs: { q: Tensor; k: Tensor; v: Tensor; g: Tensor; beta: Tensor; state: Tensor },
  options: { chunk?: number } = {},
): { o: Tensor; lastState: Tensor } {
  const { beta, v, g, state } = inputs
  const { q, k } = unitQueriesAndKeys(inputs.q, inputs.k)
  const [batch, length, keyHeads, depth] = k.shape
  const heads = beta.shape[2]!
  const rates = tf.reshape(beta, [batch * length!, keyHeads, heads / keyHeads, 1])
  const erase = tf.reshape(tf.mul(tf.reshape(k, [batch * length!, keyHeads, 1, depth]), rates), g.shape)
  const { o, lastState } = op({ q, k, erase, v: tf.mul(v, tf.expandDims(beta, 3)), g, state }, options)
  return { o, lastState }
}

/**
 * Gated DeltaNet-2's rule (arXiv 2605.22791, section 3), for each value head, on queries and keys that it brings to length
 * 1, queries times 1/√K: S ← diag(e^g) S; S ← S + k (write ⊙ v − Sᵀ (erase ⊙ k))ᵀ; o = Sᵀ q.
 *
 * @param inputs.q and k [B, T, H, K], each head shared by Hv/H consecutive value heads
 * @param inputs.v [B, T, Hv, V]
 * @param inputs.g [B, T, H, K] logarithms of the decays, at most 0
 * @param inputs.erase [B, T, H, K] in [0, 1], or up to 2 for negative eigenvalues
 * @param inputs.write [B, T, Hv, V] in [0, 1]
 * @param inputs.state [B, Hv, K, V] before the first token
 * @param options.chunk tokens that are computed as matrices at once; the result doesn't depend on it
 * @returns o [B, T, Hv, V] and the state after these tokens
 */
export function gatedDeltaRule2(
  inputs: { q: Tensor; k: Tensor; v: Tensor; g: Tensor; erase: Tensor; write: Tensor; state: Tensor },
  options: { chunk?: number } = {},
): { o: Tensor; lastState: Tensor } {
  const { v, g, erase, write, state } = inputs
  const { q, k } = unitQueriesAndKeys(inputs.q, inputs.k)
  const { o, lastState } = op({ q, k, erase: tf.mul(erase, k), v: tf.mul(write, v), g, state }, options)
  return { o, lastState }
}
/** The rule alone, on queries and keys as they are and with gates multiplied in. */
export { op as channelDeltaRuleOp }
