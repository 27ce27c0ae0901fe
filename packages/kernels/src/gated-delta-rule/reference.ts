import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { chunksOf, decaysWithinChunks, padTokens } from '../chunked-scan/chunks'
import { carryDeltaRule, inverseOfUnitUpper, strictlyUpper } from '../chunked-scan/delta-rule'

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
  const { before, written, last } = carryDeltaRule(
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
