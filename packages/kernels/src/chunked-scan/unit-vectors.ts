import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { rmsNorm } from '../rms-norm'

/** Added to the sum of squares of each query and key. */
const epsilon = 1e-6

/** Queries and keys [B, T, H, K] as delta rules take them: brought to length 1, queries times 1/√K. */
export function unitQueriesAndKeys(q: Tensor, k: Tensor): { q: Tensor; k: Tensor } {
  const width = k.shape[3]!
  // x / √(Σ x² + ε) is RMSNorm with ε/K, scaled by 1/√K.
  const normalized = (x: Tensor, scale: number) =>
    rmsNorm(x, tf.fill([width], scale / Math.sqrt(width)), epsilon / width)
  return { q: normalized(q, 1 / Math.sqrt(width)), k: normalized(k, 1) }
}
