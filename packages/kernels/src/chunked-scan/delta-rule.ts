import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { joinChunks } from './chunks'

/**
 * Carries a delta rule's states from chunk to chunk: V′ = U − W S, S ← decay S + keysᵀ V′.
 *
 * @param state [rows, K, V], a row for each sequence's head
 * @param parts for each chunk U [rows, chunk, V], W and keys [rows, chunk, K], flattened after the sequences, and the
 * decay over the chunk, of each row or of each row's K channels
 * @returns the state before each chunk and what the chunk writes, both [batch, chunks, …], and the state after the last
 */
export function carryDeltaRule(state: Tensor, [u, w, keys, decay]: Tensor[][], chunk: number) {
  const [rows, keyWidth, width] = state.shape
  const states = [state]
  const written = u.map((each, i) => {
    const values = tf.sub(
      tf.reshape(each, [rows, chunk, width]),
      tf.matMul(tf.reshape(w[i], [rows, chunk, keyWidth]), states[i]),
    )
    const added = tf.matMul(tf.reshape(keys[i], [rows, chunk, keyWidth]), values, true)
    states.push(tf.add(tf.mul(states[i], tf.reshape(decay[i], [rows, -1, 1])), added))
    return values
  })
  const byChunk = (parts: Tensor[]) => joinChunks(parts.map((part) => tf.reshape(part, [u[0].shape[0], -1])))
  return { before: byChunk(states.slice(0, -1)), written: byChunk(written), last: states[u.length] }
}

/** [size, size]: 1 above the diagonal. */
export function strictlyUpper(size: number): Tensor {
  const values = Float32Array.from({ length: size * size }, (_, i) =>
    i % size > Math.floor(i / size) ? 1 : 0,
  )
  return tf.tensor(values, [size, size])
}

/**
 * The inverses of I + x, x [n, L, L] above its diagonal, by halves: of (A C; 0 B) it is (A⁻¹ −A⁻¹CB⁻¹; 0 B⁻¹). Powers of x
 * would do in as many products, but where keys are alike they grow until nothing of the inverse is left.
 */
export function inverseOfUnitUpper(x: Tensor): Tensor {
  const [n, size] = x.shape
  if (size === 1) return tf.ones([n, 1, 1])
  const even = size % 2 === 0 ? x : tf.pad(x, [[0, 0], [0, 1], [0, 1]]) // prettier-ignore
  const half = Math.ceil(size / 2)
  const quarter = (row: number, column: number) => tf.slice(even, [0, row, column], [-1, half, half])
  const inverses = inverseOfUnitUpper(tf.concat([quarter(0, 0), quarter(half, half)], 0))
  const first = tf.slice(inverses, [0, 0, 0], [n, -1, -1])
  const second = tf.slice(inverses, [n, 0, 0], [n, -1, -1])
  const corner = tf.neg(tf.matMul(tf.matMul(first, quarter(0, half)), second))
  const whole = tf.concat(
    [tf.concat([first, corner], 2), tf.concat([tf.zeros([n, half, half]), second], 2)],
    1,
  )
  return size % 2 === 0 ? whole : tf.slice(whole, [0, 0, 0], [n, size, size])
}
