import { inPlaceTtt, inPlaceTttStart, linear } from '@ttt-e2e/kernels/ops'
import { tf, type Tensors } from '@ttt-e2e/tensor-ops'

/** The down projection with what it learns: y = W h + η Pᵀ z, and at the end W + η Pᵀ (Σ u hᵀ). */
export function inPlaceTttCase(
  { h, t, w_down, conv, proj }: Tensors,
  { lr, chunk }: Record<string, unknown>,
): Tensors {
  const [batch, , hidden] = h.shape as number[]
  const width = t.shape[2]!
  const start = inPlaceTttStart(batch, { width, hidden, chunk: Number(chunk) })
  const { z, state } = inPlaceTtt({ h, t, conv }, start, tf.zeros([batch], 'int32'))
  const rate = Number(lr)
  const learned = linear(tf.transpose(state.fast, [0, 2, 1]), proj)
  return {
    y: tf.add(linear(h, tf.transpose(w_down)), tf.mul(linear(z, proj), rate)),
    w_last: tf.add(tf.mul(tf.transpose(learned, [0, 2, 1]), rate), w_down),
  }
}
