import { attention, joinRing, rope, writeRing, type RopeScaling } from '@ttt-e2e/kernels/ops'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

/**
 * Keys, rotated by their position, and values of the last tokens read [B, C, G, d]: token p stands in slot p mod C. Without
 * a slot, C = 0, nothing was read.
 */
export type AttentionCache = { readonly k: Tensor; readonly v: Tensor }

/** Slots that a cache of any has at least, so that few capacities exist. */
const fewestSlots = 64

/**
 * The slots C of a cache that is to take `tokens` tokens: a power of two, never more than the window (0: no limit), so that
 * a cache grows only before its ring goes round.
 */
export function cacheSlots(tokens: number, window: number): number {
  if (tokens === 0) return 0
  const slots = Math.max(fewestSlots, 2 ** Math.ceil(Math.log2(tokens)))
  return window === 0 ? slots : Math.min(slots, window)
}

/** Tokens that the last of `position` sees. */
export const seenTokens = (position: number, window: number): number =>
  window === 0 ? position : Math.min(position, window)

/** The cache before the first token. */
export const startCache = (batch: number, heads: number, width: number): AttentionCache => ({
  k: tf.zeros([batch, 0, heads, width]),
  v: tf.zeros([batch, 0, heads, width]),
})

/** The cache with room for `tokens` tokens in all; the same where it has it. */
export function reserveCache({ k, v }: AttentionCache, tokens: number, window: number): AttentionCache {
  const more = cacheSlots(tokens, window) - k.shape[1]!
  if (more <= 0) return { k, v }
  const grown = (x: Tensor) => {
    const [batch, , heads, width] = x.shape
    const free = tf.zeros([batch, more, heads, width])
    return x.shape[1] === 0 ? free : tf.concat([x, free], 1)
  }
  return { k: grown(k), v: grown(v) }
}

/**
 * Causal attention with RoPE in a window (0: no limit) that goes on from a cache. Keys are rotated once, by their position
 * in the text, whose angles are exact at any position.
 *
 * @param q [B, T, H, d], not rotated yet
 * @param k [B, T, G, d], not rotated yet
 * @param v [B, T, G, d]
 * @param cache with room for these tokens, or one without slots where nothing was read
 * @param options.ropeTheta null for attention without positions (NoPE)
 * @param options.position int32 [B]: tokens of each sequence before these
 * @param options.sinks [H], see `attention`; none where left out
 * @returns [B, T, H, d] and the cache after these tokens
 */
export function cachedAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  cache: AttentionCache,
  {
    window,
    ropeTheta,
    ropeScaling,
    position,
    sinks,
  }: {
    window: number
    ropeTheta: number | null
    ropeScaling?: RopeScaling | null
    position: Tensor
    sinks?: Tensor
  },
): { y: Tensor; cache: AttentionCache } {
  const [batch, length] = q.shape
  const turned = (x: Tensor) =>
    ropeTheta === null ? x : rope(x, { theta: ropeTheta, scaling: ropeScaling, position })
  const [queries, keys] = [turned(q), turned(k)]
  const slots = cache.k.shape[1]!
  if (slots === 0) {
    const y = attention(queries, keys, v, { window, offset: tf.zeros([batch], 'int32'), sinks })
    return { y, cache: { k: lastTokens(keys, window), v: lastTokens(v, window) } }
  }
  // Rotated keys need no order: one query sees all of a ring, as far as it is filled.
  const inPlace = window === 0 || length === 1
  // Joined before the ring is written to: nothing reads the old one afterwards, so that the new one can stand in its place.
  const joined = inPlace
    ? undefined
    : { k: joinRing(cache.k, keys, position), v: joinRing(cache.v, v, position) }
  const written = { k: writeRing(cache.k, keys, position), v: writeRing(cache.v, v, position) }
  if (!joined) {
    const y = attention(queries, written.k, written.v, { window: 0, offset: position, sinks })
    return { y, cache: written }
  }
  const offset = filledSlots(position, slots)
  return { y: attention(queries, joined.k, joined.v, { window, offset, sinks }), cache: written }
}

/** min(position, slots), by the kernels that engines have for float32: rounding a large position doesn't show. */
const filledSlots = (position: Tensor, slots: number): Tensor =>
  tf.cast(tf.minimum(tf.cast(position, 'float32'), slots), 'int32')

/** The ring of a text's first tokens, which just fit or are more. */
function lastTokens(x: Tensor, window: number): Tensor {
  const [batch, length, heads, width] = x.shape
  if (window === 0 || length! <= window) return x
  return writeRing(tf.zeros([batch, window, heads, width!]), x, tf.zeros([batch], 'int32'))
}
