import { atLeast, defineFusedOp, multipleOf, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { attentionReference } from './reference'

const op = defineFusedOp({
  name: 'Attention',
  inputs: ['q', 'k', 'v'],
  outputs: ['y', 'logSumExp'],
  attributes: { window: 0, offset: 0 },
  outputShapes: ({ q: [batch, length, heads, width] }: Shapes) => ({
    y: [batch, length, heads, width],
    logSumExp: [batch, heads, length],
  }),
  inputShapes: ({ q: [batch, length, heads, width], k: [, keys, keyHeads] }: Shapes) => ({
    q: [batch, length, multipleOf(heads, keyHeads), atLeast(1, width)],
    k: [batch, length === 0 ? keys : atLeast(1, keys), keyHeads, width],
    v: [batch, keys, keyHeads, width],
  }),
  wholeNumbers: { window: 0, offset: 0 },
  reference: attentionReference,
  memo: ['y', 'logSumExp'],
})

/**
 * Causal softmax attention with scale 1/√d. Query i stands at position offset + i, key j at position j; query i sees
 * key j when j ≤ offset + i and, with a window, offset + i − j < window (the window counts the query's own position).
 *
 * @param q [B, Tq, H, d]
 * @param k [B, Tk, G, d], each key head shared by H/G consecutive query heads
 * @param v [B, Tk, G, d]
 * @param options.window 0 for no limit
 * @param options.offset Tk − Tq where the keys end with the last query's
 * @returns [B, Tq, H, d]
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: { window: number; offset: number },
): Tensor {
  return op({ q, k, v }, options).y
}
export { op as attentionOp }
