import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { chunksOf, decaysWithinChunks, padTokens } from '../chunked-scan/chunks'
import { carryDeltaRule, inverseOfUnitUpper, strictlyUpper } from '../chunked-scan/delta-rule'

/**
 * The chunked form (Kimi Linear, section 3.2; Gated DeltaNet-2, section 3). As the gated delta rule's, but that the decay
 * from a token to a later one differs from channel to channel of the keys, so that it stands inside the products of keys:
 * (I + M) V′ = v − (erase ⊙ decay from the start) S with M[i, j] = Σ_d erase[i, d] k[j, d] decay[j → i, d] for j < i. Each
 * decay between two tokens is formed by itself, which takes chunk · K values for each token: chunks are short.
 */
export function channelDeltaRuleReference(
  { q, k, erase, v, g, state }: Tensors,
  attributes: { chunk: number },
): Tensors {
  const [batch, length, , keyWidth] = k.shape
  const [, , heads, width] = v.shape
  if (batch * length === 0) return { o: tf.clone(v), lastState: tf.clone(state) }
  const chunk = Math.min(attributes.chunk, length)
  const chunks = Math.ceil(length / chunk)
  // Chunks of value heads. Padded tokens write nothing and don't decay.
  const n = batch * chunks * heads
  const byHead = (tensor: Tensor) => {
    const [, , groups, channels] = tensor.shape
    const padded = tf.reshape(padTokens(tensor, chunks * chunk), [batch * chunks, chunk, groups, channels])
    const byGroup = tf.reshape(tf.transpose(padded, [0, 2, 1, 3]), [
      n / (heads / groups),
      1,
      chunk * channels,
    ])
    const repeated = groups === heads ? byGroup : tf.tile(byGroup, [1, heads / groups, 1])
    return tf.reshape(repeated, [n, chunk, channels])
  }
  const [queries, keys, erased, values, logDecays] = [q, k, erase, v, g].map(byHead)
  const byChannel = (rows: Tensor) => tf.transpose(rows, [0, 2, 1])
  const decays = decaysWithinChunks(tf.reshape(byChannel(logDecays), [n * keyWidth, chunk]))
  const [fromStart, toEnd] = [decays.fromStart, decays.toEnd].map((each) =>
    byChannel(tf.reshape(each, [n, keyWidth, chunk])),
  )

  // Products of each token's rows with earlier tokens' keys, [n, from, to].
  const decayedKeys = tf.mul(
    tf.reshape(decays.between, [n, keyWidth, chunk, chunk]),
    tf.reshape(byChannel(keys), [n, keyWidth, chunk, 1]),
  )
  const products = (rows: Tensor) =>
    tf.sum(tf.mul(decayedKeys, tf.reshape(byChannel(rows), [n, keyWidth, 1, chunk])), 1)

  const inverse = inverseOfUnitUpper(tf.mul(products(erased), strictlyUpper(chunk)))
  const u = tf.matMul(inverse, values, true)
  const w = tf.matMul(inverse, tf.mul(erased, fromStart), true)
  const { before, written, last } = carryDeltaRule(
    tf.reshape(state, [batch * heads, keyWidth, width]),
    [u, w, tf.mul(keys, toEnd), tf.slice(fromStart, [0, chunk - 1, 0], [-1, 1, -1])].map((tensor) =>
      chunksOf(tf.reshape(tensor, [batch, chunks, heads, -1])),
    ),
    chunk,
  )

  const within = tf.matMul(products(queries), tf.reshape(written, [n, chunk, width]), true)
  const carried = tf.matMul(tf.mul(queries, fromStart), tf.reshape(before, [n, keyWidth, width]))
  const sum = tf.reshape(tf.add(within, carried), [batch * chunks, heads, chunk, width])
  const o = tf.reshape(tf.transpose(sum, [0, 2, 1, 3]), [batch, chunks * chunk, heads, width])
  return {
    o: tf.slice(o, [0, 0, 0, 0], [-1, length, -1, -1]),
    lastState: tf.reshape(last, state.shape),
  }
}
