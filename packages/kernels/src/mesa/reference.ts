import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { chunksOf, decaysWithinChunks, joinChunks, padTokens } from '../chunked-scan/chunks'
import { solve } from './solve'

/** x of (Hkk + Λ) x = q [n, K, 1] for each token of each head. */
export type Solver = (matrix: Tensor, query: Tensor) => Tensor

/**
 * Chunk by chunk with every token's Hkk written out, K² values each: what the solution is differentiable in. Values are read
 * as linear attention reads them.
 */
export function mesaReference(
  { q, k, v, g, beta, lambda, keys, values }: Tensors,
  attributes: { chunk: number },
  solver: Solver = solve,
): Tensors {
  const [batch, length, heads, width] = k.shape as number[]
  const valueWidth = v.shape[3]!
  if (batch * length === 0) return { o: tf.clone(v), keys: tf.clone(keys), values: tf.clone(values) }
  const chunk = Math.min(attributes.chunk, length)
  const chunks = Math.ceil(length / chunk)
  const n = batch * chunks * heads
  // Chunks of heads. Padded tokens neither decay nor write.
  const byHead = (x: Tensor, channels: number) =>
    tf.reshape(
      tf.transpose(
        tf.reshape(padTokens(x, chunks * chunk), [batch * chunks, chunk, heads, channels]),
        [0, 2, 1, 3],
      ),
      [n, chunk, channels],
    )
  const [queries, rows, contents] = [byHead(q, width), byHead(k, width), byHead(v, valueWidth)]
  const weighted = tf.mul(rows, byHead(beta, 1))
  const { between, fromStart, toEnd } = decaysWithinChunks(tf.reshape(byHead(g, 1), [n, chunk]))
  const starting = tf.reshape(fromStart, [n, chunk, 1])
  const outer = (of: Tensor, channels: number) =>
    tf.reshape(tf.mul(tf.reshape(weighted, [n, chunk, width, 1]), tf.reshape(of, [n, chunk, 1, channels])), [
      n,
      chunk,
      width * channels,
    ])
  const carried = (of: Tensor, channels: number, start: Tensor) => {
    const added = tf.matMul(tf.reshape(toEnd, [n, 1, chunk]), outer(of, channels))
    const decay = tf.slice(fromStart, [0, chunk - 1], [-1, 1])
    const size = width * channels
    return carry(
      tf.reshape(start, [batch, heads, size]),
      tf.reshape(added, [batch, chunks, heads, size]),
      tf.reshape(decay, [batch, chunks, heads, 1]),
    )
  }
  const ofKeys = carried(rows, width, keys)
  const ofValues = carried(contents, valueWidth, values)

  const matrices = tf.add(
    tf.matMul(between, outer(rows, width), true),
    tf.matMul(starting, tf.reshape(ofKeys.before, [n, 1, width * width])),
  )
  const ridge = tf.mul(tf.reshape(lambda, [1, heads, 1, width, 1]), tf.eye(width))
  const solved = solver(
    tf.reshape(tf.add(tf.reshape(matrices, [batch * chunks, heads, chunk, width, width]), ridge), [
      n * chunk,
      width,
      width,
    ]),
    tf.reshape(queries, [n * chunk, width, 1]),
  )
  const x = tf.reshape(solved, [n, chunk, width])

  const scores = tf.mul(tf.matMul(weighted, x, false, true), between)
  const within = tf.matMul(scores, contents, true)
  const before = tf.matMul(tf.mul(x, starting), tf.reshape(ofValues.before, [n, width, valueWidth]))
  const sum = tf.reshape(tf.add(within, before), [batch * chunks, heads, chunk, valueWidth])
  const o = tf.reshape(tf.transpose(sum, [0, 2, 1, 3]), [batch, chunks * chunk, heads, valueWidth])
  return {
    o: tf.slice(o, [0, 0, 0, 0], [-1, length, -1, -1]),
    keys: tf.reshape(ofKeys.last, keys.shape),
    values: tf.reshape(ofValues.last, values.shape),
  }
}

/** The state before each chunk, [batch, chunks, …], and after the last. */
function carry(state: Tensor, added: Tensor, decay: Tensor): { before: Tensor; last: Tensor } {
  const [addeds, decays] = [added, decay].map(chunksOf)
  const states = [state]
  addeds.forEach((each, i) => states.push(tf.add(tf.mul(states[i], decays[i]), each)))
  return { before: joinChunks(states.slice(0, -1)), last: states[states.length - 1] }
}
