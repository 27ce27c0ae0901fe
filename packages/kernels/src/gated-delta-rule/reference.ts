import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { chunksOf, decaysWithinChunks, joinChunks, padTokens } from '../chunked-scan/chunks'

/**
 * The chunked form (Gated Delta Networks, section 3.3). What the tokens of a chunk write, V′, depends on what those before
 * them wrote: (I + M) V′ = β (v − decay · k S), M the keys' products below the diagonal, each decayed and times β. With
 * the inverse applied to βv and to the decayed βk at once for all chunks, only V′ = U − W S goes from chunk to chunk.
 */
export function gatedDeltaRuleReference(
  { q, k, v, g, beta, state }: Tensors,
  attributes: { chunk: number },
): Tensors {
  const [batch, length, keyHeads, keyWidth] = k.shape
  const [, , heads, width] = v.shape
  if (batch * length === 0) return { o: tf.clone(v), lastState: tf.clone(state) }
  const chunk = Math.min(attributes.chunk, length)
  const chunks = Math.ceil(length / chunk)
  const shared = heads / keyHeads
  // Chunks of key heads: n = batch · chunks · keyHeads. Padded tokens write nothing and don't decay.
  const n = batch * chunks * keyHeads
  const byKeyHead = (tensor: Tensor, channels: number) =>
    tf.transpose(
      tf.reshape(padTokens(tensor, chunks * chunk), [batch * chunks, chunk, keyHeads, channels]),
      [0, 2, 1, 3],
    )
  const byHead = (tensor: Tensor, channels: number) =>
    tf.transpose(tf.reshape(byKeyHead(tensor, shared * channels), [n, chunk, shared, channels]), [0, 2, 1, 3])
  const [queries, keys] = [q, k].map((tensor) =>
    tf.reshape(byKeyHead(tensor, keyWidth), [n, chunk, keyWidth]),
  )
  const { between, fromStart, toEnd } = decaysWithinChunks(tf.reshape(byHead(g, 1), [n * shared, chunk]))
  const rates = byHead(beta, 1)

  // [n · shared, from, to]
  const decayed = (products: Tensor) =>
    tf.reshape(
      tf.mul(tf.reshape(products, [n, 1, chunk * chunk]), tf.reshape(between, [n, shared, chunk * chunk])),
      [n * shared, chunk, chunk],
    )
  // [n · shared, chunk, keyWidth] from rows shared by heads and a factor for each head's token [n, shared, chunk, 1].
  const scaled = (rows: Tensor, factors: Tensor) =>
    tf.reshape(tf.mul(tf.reshape(rows, [n, 1, chunk, keyWidth]), factors), [n * shared, chunk, keyWidth])
  const perToken = (decays: Tensor) => tf.reshape(decays, [n, shared, chunk, 1])

  const correlations = tf.mul(
    tf.mul(decayed(tf.matMul(keys, keys, false, true)), strictlyUpper(chunk)),
    tf.reshape(rates, [n * shared, 1, chunk]),
  )
  const inverse = inverseOfUnitUpper(correlations)
  const values = tf.reshape(tf.mul(byHead(v, width), rates), [n * shared, chunk, width])
  const u = tf.matMul(inverse, values, true)
  const w = tf.matMul(inverse, scaled(keys, tf.mul(rates, perToken(fromStart))), true)
  const { before, written, last } = carry(
    tf.reshape(state, [batch * heads, keyWidth, width]),
    [u, w, scaled(keys, perToken(toEnd)), tf.slice(fromStart, [0, chunk - 1], [-1, 1])].map((tensor) =>
      chunksOf(tf.reshape(tensor, [batch, chunks, heads, -1])),
    ),
    chunk,
  )

  const scores = decayed(tf.matMul(keys, queries, false, true))
  const within = tf.matMul(scores, tf.reshape(written, [n * shared, chunk, width]), true)
  const carried = tf.matMul(
    scaled(queries, perToken(fromStart)),
    tf.reshape(before, [n * shared, keyWidth, width]),
  )
  const sum = tf.reshape(tf.add(within, carried), [batch * chunks, heads, chunk, width])
  const o = tf.reshape(tf.transpose(sum, [0, 2, 1, 3]), [batch, chunks * chunk, heads, width])
  return {
    o: tf.slice(o, [0, 0, 0, 0], [-1, length, -1, -1]),
    lastState: tf.reshape(last, state.shape),
  }
}

/** The state before each chunk and what the chunk writes, both [batch, chunks, …], and the state after the last. */
function carry(state: Tensor, [u, w, keys, decay]: Tensor[][], chunk: number) {
  const [rows, keyWidth, width] = state.shape
  const states = [state]
  const written = u.map((each, i) => {
    const values = tf.sub(
      tf.reshape(each, [rows, chunk, width]),
      tf.matMul(tf.reshape(w[i], [rows, chunk, keyWidth]), states[i]),
    )
    const added = tf.matMul(tf.reshape(keys[i], [rows, chunk, keyWidth]), values, true)
    states.push(tf.add(tf.mul(states[i], tf.reshape(decay[i], [rows, 1, 1])), added))
    return values
  })
  const byChunk = (parts: Tensor[]) => joinChunks(parts.map((part) => tf.reshape(part, [u[0].shape[0], -1])))
  return { before: byChunk(states.slice(0, -1)), written: byChunk(written), last: states[u.length] }
}

/** [size, size]: 1 above the diagonal. */
function strictlyUpper(size: number): Tensor {
  const values = Float32Array.from({ length: size * size }, (_, i) =>
    i % size > Math.floor(i / size) ? 1 : 0,
  )
  return tf.tensor(values, [size, size])
}

/**
 * The inverses of I + x, x [n, L, L] above its diagonal, by halves: of (A C; 0 B) it is (A⁻¹ −A⁻¹CB⁻¹; 0 B⁻¹). Powers of x
 * would do in as many products, but where keys are alike they grow until nothing of the inverse is left.
 */
function inverseOfUnitUpper(x: Tensor): Tensor {
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
