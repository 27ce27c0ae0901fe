import { linear, rmsNorm, titansMemory, titansMemoryStart } from '@ttt-e2e/kernels/ops'
import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'

/** The machine epsilon of float32, which the case's RMSNorms have. */
const normEpsilon = 1.1920929e-7

/**
 * The layer around `titansMemory` that the golden case holds: norms of their own before storing and retrieving, heads,
 * a gate for each head. Matrices are [out, in]; a memory's weights are one set for all sequences.
 */
export function titansLayer(inputs: Tensors, heads: number, chunk: number): Tensors {
  const { x, store_norm, retrieve_norm, m0, m1, m2 } = inputs
  const [batch, length, size] = x.shape as number[]
  const width = size / heads
  const times = (y: Tensor, weight: Tensor) => linear(y, tf.transpose(weight))
  const byHead = (y: Tensor) => {
    const split = tf.reshape(y, [batch, length, heads, y.shape[2]! / heads])
    return tf.reshape(tf.transpose(split, [0, 2, 1, 3]), [batch * heads, length, y.shape[2]! / heads])
  }
  const forBatch = (weight: Tensor) => tf.concat(Array.from({ length: batch }, () => weight))
  const stored = rmsNorm(x, store_norm, normEpsilon)
  const retrieved = rmsNorm(x, retrieve_norm, normEpsilon)
  const logits = (name: string) => byHead(tf.add(times(stored, inputs[`${name}_w`]), inputs[`${name}_b`]))
  const { y, state } = titansMemory(
    {
      q: byHead(times(retrieved, inputs.to_queries)),
      k: byHead(times(stored, inputs.to_keys)),
      v: byHead(times(stored, inputs.to_values)),
      rate: tf.sigmoid(logits('step')),
      momentum: logits('mom'),
      decay: logits('decay'),
    },
    titansMemoryStart(forBatch(tf.reshape(m0, [heads, 1, width])), forBatch(m1), forBatch(m2)),
    { chunk, gradientsAt: 'start', position: tf.zeros([batch * heads], 'int32') },
  )
  const gated = tf.mul(y, tf.sigmoid(byHead(times(retrieved, inputs.gate_w))))
  const byToken = tf.transpose(tf.reshape(gated, [batch, heads, length, width]), [0, 2, 1, 3])
  const last = (weight: Tensor) => tf.reshape(weight, [batch, heads, ...(weight.shape.slice(1) as number[])])
  return {
    out: times(tf.reshape(byToken, [batch, length, size]), inputs.combine),
    m1_last: last(state.w1),
    s1_last: last(state.s1),
  }
}
