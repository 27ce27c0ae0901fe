import { attention, rope } from '@ttt-e2e/kernels/ops'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

/** The last min(position, window) keys, not rotated, and values [B, ≤ window, H, d] that were read. */
export type RollingCache = { k: Tensor; v: Tensor }

/**
 * Causal attention with RoPE in a window (0: no limit) that goes on from a cache. RoPE is relative, so angles are taken
 * from places in the cache and stay exact at any position.
 *
 * @param q [B, T, H, d], as k and v; neither q nor k is rotated yet
 * @param cache empty before the first token
 * @returns [B, T, H, d] and the cache after these tokens
 */
export function rollingAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  cache: Partial<RollingCache>,
  { window, ropeTheta }: { window: number; ropeTheta: number },
): { y: Tensor; cache: RollingCache } {
  const keys = cache.k ? tf.concat([cache.k, k], 1) : k
  const values = cache.v ? tf.concat([cache.v, v], 1) : v
  const offset = keys.shape[1]! - q.shape[1]!
  const rotated = rope(keys, { theta: ropeTheta, offset: 0 })
  const y = attention(rope(q, { theta: ropeTheta, offset }), rotated, values, { window, offset })
  return { y, cache: { k: lastTokens(keys, window), v: lastTokens(values, window) } }
}

/** How many tokens the cache holds after `position` of them. */
export const cachedTokens = (position: number, window: number): number =>
  window === 0 ? position : Math.min(position, window)

function lastTokens(x: Tensor, window: number): Tensor {
  const surplus = window === 0 ? 0 : Math.max(0, x.shape[1]! - window)
  return surplus === 0 ? x : tf.slice(x, [0, surplus, 0, 0], [-1, -1, -1, -1])
}
