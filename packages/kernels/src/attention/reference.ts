import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'

/** Query heads that share a key head are laid out as more queries of it: [B · G, H/G · Tq, d] against [B · G, Tk, d]. */
export function attentionReference({ q, k, v, offset }: Tensors, { window }: { window: number }): Tensors {
  const [batch, queries, heads, width] = q.shape
  const [, keys, keyHeads] = k.shape
  if (batch * queries === 0) return { y: tf.clone(q), logSumExp: tf.zeros([batch, heads, queries]) }
  const rows = (heads / keyHeads) * queries
  const byHead = (x: Tensor, count: number) =>
    tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * keyHeads, count, width])
  const products = tf.matMul(byHead(q, rows), byHead(k, keys), false, true)
  const scaled = tf.reshape(tf.mul(products, 1 / Math.sqrt(width)), [batch, heads, queries, keys])
  const scores = tf.add(scaled, hidden(offset, queries, keys, window))
  const weights = tf.reshape(tf.softmax(scores), [batch * keyHeads, rows, keys])
  const y = tf.reshape(tf.matMul(weights, byHead(v, keys)), [batch, heads, queries, width])
  return { y: tf.transpose(y, [0, 2, 1, 3]), logSumExp: tf.logSumExp(scores, -1) }
}

/** [B, 1, queries, keys]: 0 where a query sees a key, −1e30 where it doesn't. */
function hidden(offset: Tensor, queries: number, keys: number, window: number): Tensor {
  const [batch] = offset.shape
  const places = tf.add(
    tf.reshape(offset, [batch, 1, 1, 1]),
    tf.reshape(tf.range(0, queries, 1, 'int32'), [1, 1, queries, 1]),
  )
  const before = tf.sub(places, tf.range(0, keys, 1, 'int32'))
  const none = tf.fill([batch, 1, queries, keys], -1e30)
  const seen = tf.where(tf.greaterEqual(before, tf.scalar(0, 'int32')), tf.zerosLike(none), none)
  return window === 0 ? seen : tf.where(tf.less(before, tf.scalar(window, 'int32')), seen, none)
}
