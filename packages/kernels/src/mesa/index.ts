import { defineFusedOp, tf, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { rmsNorm } from '../rms-norm'
import { mesaReference } from './reference'
import { conjugateGradients, type ConjugateGradients } from './solve'

const { fill } = tf

const op = defineFusedOp({
  name: 'Mesa',
  inputs: ['q', 'k', 'v', 'g', 'beta', 'lambda', 'keys', 'values'],
  outputs: ['o', 'keys', 'values'],
  attributes: { chunk: 64 },
  outputShapes: ({ v, keys, values }: Shapes) => ({ o: v, keys, values }),
  inputShapes: ({ k: [batch, length, heads, depth], v: [, , , width] }: Shapes) => ({
    q: [batch, length, heads, depth],
    k: [batch, length, heads, depth],
    v: [batch, length, heads, width],
    g: [batch, length, heads],
    beta: [batch, length, heads],
    lambda: [heads, depth],
    keys: [batch, heads, depth, depth],
    values: [batch, heads, depth, width],
  }),
  wholeNumbers: { chunk: 1 },
  reference: (x, attributes) => mesaReference(x, attributes),
})

export interface MesaInputs {
  /** [B, T, H, K]; brought to length 1. */
  q: Tensor
  k: Tensor
  /** [B, T, H, V] */
  v: Tensor
  /** Logarithms of the decays, at most 0, and how much each token counts [B, T, H]. */
  g: Tensor
  beta: Tensor
  /** How much each channel of a key is held back, above 0 [H, K]. */
  lambda: Tensor
}

/** The sums of k kᵀ [B, H, K, K] and of k vᵀ [B, H, K, V] over what was read. */
export type MesaState = { keys: Tensor; values: Tensor }

/** Added to the sum of squares of each query and key. */
const epsilon = 1e-6

/**
 * The Mesa layer (von Oswald et al. 2025), for each head, on queries and keys that it brings to length 1: ridge regression
 * on the whole decayed past at every token. Hkk ← e^g Hkk + β k kᵀ; Hkv ← e^g Hkv + β k vᵀ; o = Hkvᵀ x with
 * (Hkk + diag(λ)) x = q. Kernels find x by conjugate gradients from q / (diag Hkk + λ) until float32 gets no closer.
 *
 * @param solver the published code's steps in place of the solution; by tensor operations, with their own gradient
 * @returns o [B, T, H, V] and the state after these tokens
 */
export function mesa(
  { q, k, ...others }: MesaInputs,
  state: MesaState,
  solver?: ConjugateGradients,
): { o: Tensor; state: MesaState } {
  const width = k.shape[3]!
  // x / √(Σ x² + ε) is RMSNorm with ε/K, scaled by 1/√K.
  const normalized = (x: Tensor) => rmsNorm(x, fill([width], 1 / Math.sqrt(width)), epsilon / width)
  const inputs = { q: normalized(q), k: normalized(k), ...others, ...state }
  const { o, keys, values } = solver
    ? mesaReference(inputs, { chunk: 64 }, (matrix, query) => conjugateGradients(matrix, query, solver))
    : op(inputs)
  return { o, state: { keys, values } }
}
/** On queries and keys as they are. */
export { op as mesaOp }
export { type ConjugateGradients } from './solve'
