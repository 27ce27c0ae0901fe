import { joinRing, type AttentionPart } from '@ttt-e2e/kernels/ops'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

/** The keys, rotated, and values of a text's first s tokens [B, s, G, d]; zeros for those that were not read yet. */
export type FirstTokens = { readonly firstK: Tensor; readonly firstV: Tensor }

/**
 * That every token sees the text's first ones beside its window (StreamingLLM, arXiv 2309.17453): pretrained attention
 * parks itself there. These are tokens; a learned sink, `AttentionOptions.sinks`, is a score without one.
 */
export interface KeepFirst {
  /** How many tokens s. */
  readonly count: number
  /**
   * How far away they are. `cache`: as if they stood right before the window, so that no distance exceeds s + w − 1 in a
   * text of any length. `text`: where they stood, at distances that pretraining may never have met. The same for texts of
   * up to s + w tokens.
   */
  readonly positions: 'cache' | 'text'
}

export const startFirstTokens = (
  batch: number,
  count: number,
  heads: number,
  width: number,
): FirstTokens => ({
  firstK: tf.zeros([batch, count, heads, width]),
  firstV: tf.zeros([batch, count, heads, width]),
})

/** How many of the first tokens the last of `position` sees that its window doesn't hold. */
export const keptTokens = (position: number, window: number, count: number): number =>
  Math.min(count, Math.max(0, position - window))

/**
 * The first tokens that have left each query's window, as a part of its attention.
 *
 * @param q [B, T, H, d], not rotated
 * @param queries the same, rotated by their places in the text
 * @param keys [B, T, G, d], rotated
 * @param v [B, T, G, d]
 * @param first the first tokens before these
 * @param options.position int32 [B]: tokens of each sequence before these
 * @param options.turned rotates queries, each row's by its position
 */
export function firstTokensPart(
  q: Tensor,
  queries: Tensor,
  keys: Tensor,
  v: Tensor,
  first: FirstTokens,
  {
    window,
    position,
    keep: { count, positions },
    turned,
  }: { window: number; position: Tensor; keep: KeepFirst; turned(x: Tensor, position: Tensor): Tensor },
): { part: AttentionPart; first: FirstTokens } {
  const after = {
    firstK: followedBy(first.firstK, keys, position),
    firstV: followedBy(first.firstV, v, position),
  }
  // A query at p sees those up to p − window: the window holds the ones after.
  const offset = toInteger(tf.minimum(tf.sub(tf.cast(position, 'float32'), window), count))
  const rotated = positions === 'text' ? queries : turnedInCache(q, position, count + window - 1, turned)
  return { part: { q: rotated, k: after.firstK, v: after.firstV, window: 0, offset }, first: after }
}

/** The first tokens after some more, of which those beyond the first s count for nothing. */
function followedBy(first: Tensor, rows: Tensor, position: Tensor): Tensor {
  const count = first.shape[1]!
  const known = toInteger(tf.minimum(tf.cast(position, 'float32'), count))
  const next = tf.slice(rows, [0, 0, 0, 0], [-1, Math.min(count, rows.shape[1]!), -1, -1])
  return tf.slice(joinRing(first, next, known), [0, 0, 0, 0], [-1, count, -1, -1])
}

/** Queries at the places that they have in a cache of `last` + 1 tokens: each a row of its own to rotate. */
function turnedInCache(
  q: Tensor,
  position: Tensor,
  last: number,
  turned: (x: Tensor, position: Tensor) => Tensor,
): Tensor {
  const [batch, length, heads, width] = q.shape
  const places = tf.add(tf.reshape(tf.cast(position, 'float32'), [batch, 1]), tf.range(0, length))
  const inCache = toInteger(tf.minimum(tf.reshape(places, [batch * length]), last))
  return tf.reshape(turned(tf.reshape(q, [batch * length, 1, heads, width]), inCache), q.shape)
}

/** Computed by the kernels that engines have for float32: rounding a large position doesn't show. */
const toInteger = (x: Tensor): Tensor => tf.cast(x, 'int32')
