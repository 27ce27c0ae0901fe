import { defineFusedOp, type Shapes } from '@ttt-e2e/tensor-ops'
import { mamba3ScanReference } from './reference'

/**
 * The state space of Mamba 3, for each head, on keys and queries that are turned already: with e^g the decay and w the
 * weight of the token before, S ← e^g S; y_r = S q_r + own Σ_s v_s ⟨k_s, q_r⟩ + D v_r; S ← S + write Σ_s v_s k_sᵀ. The rule's
 * trapezoid is in the weights: `write` holds the share that a token has in the step after its own.
 *
 * Inputs: q, k [B, T, R, H, N]; v [B, T, R, H, P]; g at most 0, write, own [B, T, H]; D [H]; state [B, H, P, N]; of the token
 * before the first keyBefore [B, R, H, N], valueBefore [B, R, H, P] and writeBefore [B, H], what it still has to write.
 */
export const mamba3ScanOp = defineFusedOp({
  name: 'MambaThreeScan',
  inputs: ['q', 'k', 'v', 'g', 'write', 'own', 'D', 'state', 'keyBefore', 'valueBefore', 'writeBefore'],
  outputs: ['y', 'lastState'],
  attributes: { chunk: 64 },
  outputShapes: ({ v, state }: Shapes) => ({ y: v, lastState: state }),
  inputShapes: ({ q: [batch, length, ranks, heads, depth], v: [, , , , width] }: Shapes) => ({
    q: [batch, length, ranks, heads, depth],
    k: [batch, length, ranks, heads, depth],
    v: [batch, length, ranks, heads, width],
    g: [batch, length, heads],
    write: [batch, length, heads],
    own: [batch, length, heads],
    D: [heads],
    state: [batch, heads, width, depth],
    keyBefore: [batch, ranks, heads, depth],
    valueBefore: [batch, ranks, heads, width],
    writeBefore: [batch, heads],
  }),
  wholeNumbers: { chunk: 1 },
  reference: mamba3ScanReference,
})
