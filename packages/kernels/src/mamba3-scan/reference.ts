import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { chunksOf, decaysWithinChunks, joinChunks, padTokens } from '../chunked-scan/chunks'

/**
 * The chunked matrix form (Mamba-3, arXiv 2603.15569): what a token writes counts with one weight for those after it, and with
 * another for itself. The R ranks of a token are as many rows, which see each other.
 */
export function mamba3ScanReference(
  { q, k, v, g, write, own, D, state, keyBefore, valueBefore, writeBefore }: Tensors,
  attributes: { chunk: number },
): Tensors {
  const [batch, length, ranks, heads, depth] = q.shape as number[]
  const width = v.shape[4]!
  const start = startOf(state, keyBefore, valueBefore, writeBefore)
  if (batch * length === 0) return { y: tf.clone(v), lastState: start }
  const chunk = Math.min(Math.max(1, Math.floor(attributes.chunk / ranks)), length)
  const chunks = Math.ceil(length / chunk)
  // Chunks of heads: n = batch · chunks · heads. Padded tokens neither decay nor write.
  const n = batch * chunks * heads
  const rows = chunk * ranks
  const byHead = (x: Tensor, perToken: number, channels: number) =>
    tf.reshape(
      tf.transpose(
        tf.reshape(padTokens(x, chunks * chunk), [batch * chunks, chunk * perToken, heads, channels]),
        [0, 2, 1, 3],
      ),
      [n, chunk * perToken, channels],
    )
  const [queries, keys, values] = [byHead(q, ranks, depth), byHead(k, ranks, depth), byHead(v, ranks, width)]
  const [writes, owns] = [write, own].map((x) => byHead(x, 1, 1))
  const { between, fromStart, toEnd } = decaysWithinChunks(tf.reshape(byHead(g, 1, 1), [n, chunk]))
  // [n, chunk · R, 1] of something that the ranks of a token share [n, chunk, 1].
  const perRow = (x: Tensor) =>
    ranks === 1 ? x : tf.reshape(tf.mul(tf.reshape(x, [n, chunk, 1, 1]), tf.ones([ranks, 1])), [n, rows, 1])

  // [n, from, to]
  const weights = tf.add(
    tf.mul(
      tf.mul(
        between,
        table(chunk, (from, to) => from < to),
      ),
      writes,
    ),
    tf.mul(table(chunk, (from, to) => from === to), owns), // prettier-ignore
  )
  const products = tf.matMul(keys, queries, false, true)
  const scores = tf.reshape(
    tf.mul(
      tf.reshape(products, [n, chunk, ranks, chunk, ranks]),
      tf.reshape(weights, [n, chunk, 1, chunk, 1]),
    ),
    [n, rows, rows],
  )
  const within = tf.matMul(scores, values, true)

  const leaving = tf.mul(values, perRow(tf.mul(writes, tf.reshape(toEnd, [n, chunk, 1]))))
  const added = tf.matMul(leaving, keys, true)
  const { before, last } = carry(
    tf.reshape(start, [batch, heads, width * depth]),
    tf.reshape(added, [batch, chunks, heads, width * depth]),
    tf.reshape(tf.slice(fromStart, [0, chunk - 1], [-1, 1]), [batch, chunks, heads, 1]),
  )
  const carried = tf.mul(
    tf.matMul(queries, tf.reshape(before, [n, width, depth]), false, true),
    perRow(tf.reshape(fromStart, [n, chunk, 1])),
  )

  const sum = tf.reshape(tf.add(within, carried), [batch * chunks, heads, rows, width])
  const byToken = tf.reshape(tf.transpose(sum, [0, 2, 1, 3]), [batch, chunks * chunk, ranks, heads, width])
  const y = tf.slice(byToken, [0, 0, 0, 0, 0], [-1, length, -1, -1, -1])
  return {
    y: tf.add(y, tf.mul(v, tf.reshape(D, [heads, 1]))),
    lastState: tf.reshape(last, state.shape),
  }
}

/** The state with what the token before these still had to write. */
function startOf(state: Tensor, key: Tensor, value: Tensor, write: Tensor): Tensor {
  const [batch, heads, width, depth] = state.shape as number[]
  const byHead = (x: Tensor, channels: number) =>
    tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * heads, x.shape[1]!, channels])
  const product = tf.matMul(byHead(value, width), byHead(key, depth), true)
  return tf.add(state, tf.mul(tf.reshape(product, state.shape), tf.reshape(write, [batch, heads, 1, 1])))
}

/** The state before each chunk, [batch, chunks, …], and after the last. */
function carry(state: Tensor, added: Tensor, decay: Tensor): { before: Tensor; last: Tensor } {
  const [addeds, decays] = [added, decay].map(chunksOf)
  const states = [state]
  addeds.forEach((each, i) => states.push(tf.add(tf.mul(states[i], decays[i]), each)))
  return { before: joinChunks(states.slice(0, -1)), last: states[states.length - 1] }
}

/** [size, size]: 1 where it says so. */
function table(size: number, is: (row: number, column: number) => boolean): Tensor {
  const values = Float32Array.from({ length: size * size }, (_, i) =>
    is(Math.floor(i / size), i % size) ? 1 : 0,
  )
  return tf.tensor(values, [size, size])
}
