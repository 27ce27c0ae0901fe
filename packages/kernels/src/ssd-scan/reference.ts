import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { chunksOf, decaysWithinChunks, joinChunks, padTokens } from '../chunked-scan/chunks'

/**
 * The chunked matrix form (Mamba 2, section 6). Within a chunk, y = (C Bᵀ ⊙ decays) · dt x; each chunk's own state is
 * carried on to the next ones, and read by C there. Heads that share B and C are laid out as more channels of them.
 */
export function ssdScanReference(
  { x, dt, A, B, C, D, state }: Tensors,
  attributes: { chunk: number },
): Tensors {
  const [batch, length, heads, width] = x.shape
  const [, , groups, stateWidth] = B.shape
  if (batch * length === 0) return { y: tf.clone(x), lastState: tf.clone(state) }
  const chunk = Math.min(attributes.chunk, length)
  const chunks = Math.ceil(length / chunk)
  const shared = heads / groups
  // Chunks of groups: n = batch · chunks · groups. Steps of 0 pad the last chunk: no decay, no input.
  const n = batch * chunks * groups
  const byGroup = (tensor: Tensor, channels: number) =>
    tf.transpose(
      tf.reshape(padTokens(tensor, chunks * chunk), [batch * chunks, chunk, groups, channels]),
      [0, 2, 1, 3],
    )
  const steps = byGroup(dt, shared)
  const inputs = tf.mul(
    tf.reshape(steps, [n, chunk, shared, 1]),
    tf.reshape(byGroup(x, shared * width), [n, chunk, shared, width]),
  )
  const [b, c] = [B, C].map((tensor) => tf.reshape(byGroup(tensor, stateWidth), [n, chunk, stateWidth]))

  // [n · shared, from, to] from each token to those after it; [n · shared, to] from the chunk's start.
  const byHead = (tensor: Tensor, channels: number) =>
    tf.transpose(tf.reshape(tensor, [n, chunk, shared, channels]), [0, 2, 1, 3])
  const logDecay = tf.mul(padTokens(dt, chunks * chunk), A)
  const { between, fromStart, toEnd } = decaysWithinChunks(
    tf.reshape(byHead(byGroup(logDecay, shared), 1), [n * shared, chunk]),
  )
  const perToken = (decays: Tensor) => tf.transpose(tf.reshape(decays, [n, shared, chunk, 1]), [0, 2, 1, 3])

  const scores = tf.mul(
    tf.reshape(tf.matMul(b, c, false, true), [n, 1, chunk * chunk]),
    tf.reshape(between, [n, shared, chunk * chunk]),
  )
  const within = tf.matMul(
    tf.reshape(scores, [n * shared, chunk, chunk]),
    tf.reshape(byHead(inputs, width), [n * shared, chunk, width]),
    true,
  )

  const channels = shared * width
  const added = tf.matMul(tf.reshape(tf.mul(inputs, perToken(toEnd)), [n, chunk, channels]), b, true)
  const { before, last } = carry(
    tf.reshape(state, [batch, heads, width * stateWidth]),
    tf.reshape(added, [batch, chunks, heads, width * stateWidth]),
    tf.reshape(tf.slice(fromStart, [0, chunk - 1], [-1, 1]), [batch, chunks, heads, 1]),
  )
  const carried = tf.mul(
    tf.reshape(tf.matMul(c, tf.reshape(before, [n, channels, stateWidth]), false, true), [n, chunk, shared, width]), // prettier-ignore
    perToken(fromStart),
  )

  const sum = tf.add(tf.transpose(tf.reshape(within, [n, shared, chunk, width]), [0, 2, 1, 3]), carried)
  const byToken = tf.transpose(tf.reshape(sum, [batch * chunks, groups, chunk, channels]), [0, 2, 1, 3])
  const y = tf.slice(
    tf.reshape(byToken, [batch, chunks * chunk, heads, width]),
    [0, 0, 0, 0],
    [-1, length, -1, -1],
  )
  return {
    y: tf.add(y, tf.mul(x, tf.reshape(D, [heads, 1]))),
    lastState: tf.reshape(last, state.shape),
  }
}

/** The state before each chunk, [batch, chunks, …], and after the last. */
function carry(state: Tensor, added: Tensor, decay: Tensor): { before: Tensor; last: Tensor } {
  const [addeds, decays] = [added, decay].map(chunksOf)
  const states = [state]
  addeds.forEach((each, i) => states.push(tf.add(tf.mul(states[i], decays[i]), each)))
  return { before: joinChunks(states.slice(0, -1)), last: states[states.length - 1] }
}
