import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'

/** Query heads that share a key head are laid out as more queries of it: [B · G, H/G · Tq, d] against [B · G, Tk, d]. */
export function attentionReference(
  { q, k, v }: Tensors,
  attributes: { window: number; offset: number },
): Tensors {
  const [batch, queries, heads, width] = q.shape
  const [, keys, keyHeads] = k.shape
  if (batch * queries === 0) return { y: tf.clone(q), logSumExp: tf.zeros([batch, heads, queries]) }
  const shared = heads / keyHeads
  const byHead = (x: Tensor, count: number) =>
    tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * keyHeads, count, width])
  const products = tf.matMul(byHead(q, shared * queries), byHead(k, keys), false, true)
  const scores = tf.add(tf.mul(products, 1 / Math.sqrt(width)), hidden(shared, queries, keys, attributes))
  const y = tf.matMul(tf.softmax(scores), byHead(v, keys))
  return {
    y: tf.transpose(tf.reshape(y, [batch, heads, queries, width]), [0, 2, 1, 3]),
    logSumExp: tf.reshape(tf.logSumExp(scores, -1), [batch, heads, queries]),
  }
}

/** [1, shared · queries, keys]: 0 where a query sees a key, −1e30 where it doesn't. */
function hidden(
  shared: number,
  queries: number,
  keys: number,
  { window, offset }: { window: number; offset: number },
) {
  const rows = shared * queries
  const bias = new Float32Array(rows * keys).fill(-1e30)
  for (let row = 0; row < rows; row++) {
    const position = offset + (row % queries)
    const first = window === 0 ? 0 : Math.max(0, position - window + 1)
    bias.fill(0, row * keys + first, row * keys + Math.min(keys, position + 1))
  }
  return tf.tensor(bias, [1, rows, keys])
}
