import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

/** What an op keeps of N = B · heads networks, [N, …], as the state of B sequences, [B, heads, …], and back. */
export const splitHeads = (tensors: Record<string, Tensor>, heads: number): Record<string, Tensor> =>
  mapped(tensors, (shape) => [shape[0] / heads, heads, ...shape.slice(1)])
export const mergeHeads = (tensors: Record<string, Tensor>): Record<string, Tensor> =>
  mapped(tensors, ([batch, heads, ...rest]) => [batch * heads, ...rest])

const mapped = (tensors: Readonly<Record<string, Tensor>>, reshaped: (shape: number[]) => number[]) =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, tf.reshape(t, reshaped(t.shape))]))

/** The state of `heads` networks [heads, …] for each sequence of a batch. */
export const forBatch = (tensors: Record<string, Tensor>, batch: number): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, t]) => [name, tf.tile(tf.expandDims(t, 0), [batch, 1, 1, 1])]),
  )

/** The position of each of B sequences int32 [B] as that of each of its heads [B · heads]. */
export const positionOfHeads = (position: Tensor, heads: number): Tensor =>
  tf.reshape(tf.tile(tf.expandDims(position, 1), [1, heads]), [-1])

/** [B, T, heads · d] -> [B · heads, T, d], and back. */
export function byHead(x: Tensor, heads: number): Tensor {
  const [batch, length, size] = x.shape as number[]
  const width = size / heads
  const split = tf.transpose(tf.reshape(x, [batch, length, heads, width]), [0, 2, 1, 3])
  return tf.reshape(split, [batch * heads, length, width])
}
export function byToken(x: Tensor, heads: number): Tensor {
  const [count, length, width] = x.shape as number[]
  const split = tf.transpose(tf.reshape(x, [count / heads, heads, length, width]), [0, 2, 1, 3])
  return tf.reshape(split, [count / heads, length, heads * width])
}

export const silu = (x: Tensor): Tensor => tf.mul(x, tf.sigmoid(x))

/** Each head u of [B, T, heads · d] as u / (‖u‖ + 1e-5); what stands under the root keeps the slope at 0 finite. */
export function unitHeads(x: Tensor, heads: number): Tensor {
  const u = tf.reshape(x, [...x.shape.slice(0, -1), heads, x.shape[x.rank - 1] / heads])
  const norms = tf.sqrt(tf.add(tf.sum(tf.square(u), -1, true), 1e-30))
  return tf.reshape(tf.div(u, tf.add(norms, 1e-5)), x.shape)
}
