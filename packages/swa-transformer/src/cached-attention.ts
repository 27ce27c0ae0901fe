import {
  joinRing,
  jointAttention,
  rope,
  writeRing,
  type AttentionPart,
  type RopeScaling,
} from '@ttt-e2e/kernels/ops'
import { tf, tidy, type Tensor } from '@ttt-e2e/tensor-ops'
import {
  firstTokensPart,
  keptTokens,
  startFirstTokens,
  type FirstTokens,
  type KeepFirst,
} from './first-tokens'

/**
 * Keys, rotated by their position, and values of the last tokens read [B, C, G, d]: token p stands in slot p mod C. Without
 * a slot, C = 0, nothing was read. Where the first tokens are kept, theirs stand apart.
 */
export type AttentionCache = { readonly k: Tensor; readonly v: Tensor } & Partial<FirstTokens>

/** Slots that a cache of any has at least, so that few capacities exist. */
const fewestSlots = 64

/** From so many slots on a cache grows by an eighth of the power of two below, not by all of it. */
const finerFrom = 512

/**
 * The slots C of a cache that is to take `tokens` tokens: a power of two or, of long ones, whose free half would take more
 * than weights do, one of eight steps between two, so that growing still costs a constant share of reading. Never more than
 * the window (0: no limit), so that a cache grows only before its ring goes round.
 */
export function cacheSlots(tokens: number, window: number): number {
  if (tokens === 0) return 0
  const double = Math.max(fewestSlots, 2 ** Math.ceil(Math.log2(tokens)))
  const step = double / 16
  const slots = double <= finerFrom ? double : Math.ceil(tokens / step) * step
  return window === 0 ? slots : Math.min(slots, window)
}

/** Tokens that the last of `position` sees. @param keepFirst how many of the first ones it sees beside its window */
export const seenTokens = (position: number, window: number, keepFirst = 0): number =>
  window === 0 ? position : Math.min(position, window) + keptTokens(position, window, keepFirst)

/** The cache before the first token. */
export const startCache = (batch: number, heads: number, width: number, keepFirst = 0): AttentionCache => ({
  k: tf.zeros([batch, 0, heads, width]),
  v: tf.zeros([batch, 0, heads, width]),
  ...(keepFirst > 0 && startFirstTokens(batch, keepFirst, heads, width)),
})

/**
 * The cache, with what its state holds beside it, with room for `tokens` tokens in all; the same object where it has it.
 */
export function reserveCache(state: AttentionCache, tokens: number, window: number): AttentionCache {
  const { k, v } = state
  const more = cacheSlots(tokens, window) - k.shape[1]!
  if (more <= 0) return state
  // What is free is let go of before the next one is made.
  const grown = (x: Tensor) =>
    tidy(() => {
      const [batch, , heads, width] = x.shape
      const free = tf.zeros([batch, more, heads, width])
      return x.shape[1] === 0 ? free : tf.concat([x, free], 1)
    })
  return { ...state, k: grown(k), v: grown(v) }
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
 * @param options.keep the first tokens that every token sees beside its window; none where left out
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
    keep,
  }: {
    window: number
    ropeTheta: number | null
    ropeScaling?: RopeScaling | null
    position: Tensor
    sinks?: Tensor
    keep?: KeepFirst
  },
): { y: Tensor; cache: AttentionCache } {
  const turned = (x: Tensor, position: Tensor) =>
    ropeTheta === null ? x : rope(x, { theta: ropeTheta, scaling: ropeScaling, position })
  const [queries, keys] = [turned(q, position), turned(k, position)]
  const own = windowPart(queries, keys, v, cache, window, position)
  if (!keep) return { y: jointAttention([own.part], sinks), cache: own.cache }
  const kept = firstTokensPart(q, queries, keys, v, cache as FirstTokens, { window, position, keep, turned })
  const after = { ...own.cache, ...kept.first }
  // A text that the window covers is read as by full attention, bit for bit.
  if (cache.k.shape[1] === 0 && q.shape[1]! <= window)
    return { y: jointAttention([{ ...own.part, window: 0 }], sinks), cache: after }
  return { y: jointAttention([own.part, kept.part], sinks), cache: after }
}

/** The keys of the window, and the ring of them after these tokens. @param queries and keys, both rotated */
function windowPart(
  queries: Tensor,
  keys: Tensor,
  v: Tensor,
  cache: AttentionCache,
  window: number,
  position: Tensor,
): { part: AttentionPart; cache: { k: Tensor; v: Tensor } } {
  const [batch, length] = queries.shape
  const slots = cache.k.shape[1]!
  if (slots === 0) {
    const part = { q: queries, k: keys, v, window, offset: tf.zeros([batch], 'int32') }
    return { part, cache: { k: lastTokens(keys, window), v: lastTokens(v, window) } }
  }
  // Rotated keys need no order: one query sees all of a ring, as far as it is filled.
  const inPlace = window === 0 || length === 1
  // Joined before the ring is written to: nothing reads the old one afterwards, so that the new one can stand in its place.
  const joined = inPlace
    ? undefined
    : { k: joinRing(cache.k, keys, position), v: joinRing(cache.v, v, position) }
  const written = { k: writeRing(cache.k, keys, position), v: writeRing(cache.v, v, position) }
  if (!joined) return { part: { q: queries, ...written, window: 0, offset: position }, cache: written }
  return { part: { q: queries, ...joined, window, offset: filledSlots(position, slots) }, cache: written }
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
