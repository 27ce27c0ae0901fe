import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

/** Tokens of zeros after the last of [B, T, …], up to `length` of them. */
export function padTokens(x: Tensor, length: number): Tensor {
  const missing = length - x.shape[1]!
  return missing === 0 ? x : tf.pad(x, x.shape.map((_, axis) => [0, axis === 1 ? missing : 0]) as never)
}

/** Decays whose logarithms are below this are 0 in float32, however far below they are. */
const leastLogDecay = -128

/**
 * The decays between the tokens of chunks, from the logarithm of each token's own decay: exp of the sum over the tokens
 * after `from` until `to`, 0 where `to` comes before `from`. Each sum is made of its own terms and goes through exp
 * once: differences of running sums would lose a small sum beside large ones, and exp of their negatives overflows.
 *
 * @param logDecay [n, L], at most 0, −∞ too
 * @returns between [n, from, to], fromStart [n, to] of what stood before the chunk, toEnd [n, from]
 */
export function decaysWithinChunks(logDecay: Tensor): { between: Tensor; fromStart: Tensor; toEnd: Tensor } {
  const [n, chunk] = logDecay.shape
  const table = (rows: number, value: (row: number, column: number) => number) =>
    tf.tensor(
      Float32Array.from({ length: rows * chunk }, (_, i) => value(Math.floor(i / chunk), i % chunk)),
      [rows, chunk],
    )
  // Row 0 is the chunk's start, row j + 1 is token j.
  const after = table(chunk + 1, (row, token) => (token >= row ? 1 : 0))
  const until = table(chunk, (token, to) => (token <= to ? 1 : 0))
  const hidden = table(chunk + 1, (row, to) => (to >= row - 1 ? 0 : -1e30))
  // Bounded, a logarithm times 0 is 0; and none has a slope where its decay is 0.
  const bounded = tf.where(tf.less(logDecay, leastLogDecay), leastLogDecay, logDecay)
  const terms = tf.mul(tf.reshape(bounded, [n, 1, chunk]), after)
  const sums = tf.matMul(tf.reshape(terms, [-1, chunk]), until)
  const decays = tf.exp(tf.add(tf.reshape(sums, [n, chunk + 1, chunk]), hidden))
  return {
    between: tf.slice(decays, [0, 1, 0], [-1, -1, -1]),
    fromStart: tf.reshape(tf.slice(decays, [0, 0, 0], [-1, 1, -1]), [n, chunk]),
    toEnd: tf.reshape(tf.slice(decays, [0, 1, chunk - 1], [-1, -1, 1]), [n, chunk]),
  }
}

/** [B, J, …] as J tensors [B, …]; tfjs can't differentiate a split into a single part. */
export function chunksOf(x: Tensor): Tensor[] {
  const parts = x.shape[1] === 1 ? [x] : tf.split(x, x.shape[1]!, 1)
  return parts.map((part) => tf.squeeze(part, [1]))
}

/** The inverse of `chunksOf`. */
export const joinChunks = (parts: Tensor[]): Tensor =>
  tf.concat(
    parts.map((part) => tf.expandDims(part, 1)),
    1,
  )
