import { atLeast, defineFusedOp, multipleOf, tf, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { attentionReference } from './reference'

const { add, mul, reshape, sigmoid, softplus, sub, transpose } = tf

const op = defineFusedOp({
  name: 'Attention',
  inputs: ['q', 'k', 'v', 'offset'],
  integers: ['offset'],
  differentiable: ['q', 'k', 'v'],
  outputs: ['y', 'logSumExp'],
  attributes: { window: 0 },
  outputShapes: ({ q: [batch, length, heads, width] }: Shapes) => ({
    y: [batch, length, heads, width],
    logSumExp: [batch, heads, length],
  }),
  inputShapes: ({ q: [batch, length, heads, width], k: [, keys, keyHeads] }: Shapes) => ({
    q: [batch, length, multipleOf(heads, keyHeads), atLeast(1, width)],
    k: [batch, length === 0 ? keys : atLeast(1, keys), keyHeads, width],
    v: [batch, keys, keyHeads, width],
    offset: [batch],
  }),
  wholeNumbers: { window: 0 },
  reference: attentionReference,
  memo: ['y', 'logSumExp'],
})

/**
 * Causal softmax attention with scale 1/√d. Query i of sequence b stands at place offset[b] + i, key j at place j; query i
 * sees key j when j ≤ offset[b] + i and, with a window, offset[b] + i − j < window (the window counts the query's own
 * place). So keys may be more than a sequence has: those past its last query are seen by none.
 *
 * @param q [B, Tq, H, d]
 * @param k [B, Tk, G, d], each key head shared by H/G consecutive query heads
 * @param v [B, Tk, G, d]
 * @param options what the queries see
 * @param options.window 0 for no limit
 * @param options.offset int32 [B], from 0 on: keys before the first query's own
 * @param options.sinks [H]: a score s per query head that joins each row's softmax without a key and without a value
 *   (gpt-oss's attention sinks), neither scaled nor subject to the window, so that a row's weights sum to less than 1
 * @returns [B, Tq, H, d]
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { window, offset, sinks }: { window: number; offset: Tensor; sinks?: Tensor },
): Tensor {
  return jointAttention([{ q, k, v, window, offset }], sinks)
}

/** Some of the keys that queries see, and what they see of them; see `attention`. */
export interface AttentionPart {
  q: Tensor
  k: Tensor
  v: Tensor
  window: number
  /** May be negative here: such a query sees none of these keys yet. */
  offset: Tensor
}

/**
 * One softmax over several groups of keys, as if they stood side by side. The queries of each group are the same ones,
 * rotated as that group asks. A group whose keys a query doesn't see changes no bit of that query's row.
 *
 * @param parts of [B, Tq, H, d] queries each; of the first one every query sees a key
 * @param sinks [H], see `attention`
 * @returns [B, Tq, H, d]
 */
export function jointAttention(parts: readonly AttentionPart[], sinks?: Tensor): Tensor {
  const [first, ...others] = parts.map(({ q, k, v, window, offset }) => op({ q, k, v, offset }, { window }))
  let { y, logSumExp } = first
  others.forEach((other, i) => {
    // A group's share of the softmax is a function of a difference, bounded however large the scores are.
    const ahead = sub(logSumExp, other.logSumExp)
    y = add(mul(y, byToken(sigmoid(ahead))), mul(other.y, byToken(sigmoid(sub(other.logSumExp, logSumExp)))))
    if (sinks || i + 1 < others.length) logSumExp = add(logSumExp, softplus(mul(ahead, -1)))
  })
  if (!sinks) return y
  return mul(y, byToken(sigmoid(sub(logSumExp, reshape(sinks, [1, sinks.size, 1])))))
}

/** [B, H, T] as [B, T, H, 1] */
const byToken = (share: Tensor): Tensor => transpose(reshape(share, [...share.shape, 1]), [0, 2, 1, 3])

export { op as attentionOp }
