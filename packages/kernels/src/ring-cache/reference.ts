import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'

const scalar = (value: number) => tf.scalar(value, 'int32')
const upTo = (count: number) => tf.range(0, count, 1, 'int32')

export function writeReference({ cache, rows, position }: Tensors): Tensors {
  const [[batch, capacity], [, length]] = [cache.shape, rows.shape]
  // Slot s gets the last of the new tokens whose position is s mod C.
  const after = tf.add(tf.reshape(position, [batch, 1]), scalar(length - 1 + capacity))
  const since = tf.mod(tf.sub(after, upTo(capacity)), scalar(capacity))
  const token = tf.sub(scalar(length - 1), since)
  const kept = tf.add(tf.zerosLike(token), upTo(capacity))
  const from = tf.where(tf.greaterEqual(token, scalar(0)), tf.add(token, scalar(capacity)), kept)
  return { written: rowsAt(tf.concat([cache, rows], 1), from) }
}

export function joinReference({ cache, rows, position }: Tensors): Tensors {
  const [[batch, capacity, heads, width], [, length]] = [cache.shape, rows.shape]
  const first = tf.reshape(position, [batch, 1])
  const filled = tf.minimum(first, scalar(capacity))
  const place = tf.add(tf.zerosLike(first), upTo(capacity + length))
  const slot = tf.mod(tf.add(tf.sub(first, filled), place), scalar(capacity))
  const token = tf.add(tf.sub(place, filled), scalar(capacity))
  const nothing = tf.add(tf.zerosLike(place), scalar(capacity + length))
  const behind = tf.where(tf.less(token, nothing), token, nothing)
  const from = tf.where(tf.less(place, tf.add(tf.zerosLike(place), filled)), slot, behind)
  return { joined: rowsAt(tf.concat([cache, rows, tf.zeros([batch, 1, heads, width])], 1), from) }
}

/** x[b, from[b, i]] for x [B, n, G, d] and from int32 [B, m]: [B, m, G, d]. */
function rowsAt(x: Tensor, from: Tensor): Tensor {
  const [batch, count, heads, width] = x.shape
  const starts = tf.mul(tf.reshape(upTo(batch), [batch, 1]), scalar(count))
  const flat = tf.reshape(x, [batch * count, heads, width])
  return tf.gather(flat, tf.add(starts, from) as never)
}
