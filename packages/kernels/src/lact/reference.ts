import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { scanByPhase } from '../scan-by-phase'

export type LactAttributes = { chunk: number; preNorm: number }

/** Stands against division by zero in rows of weights. */
const epsilon = 1e-5

export function lactReference(x: Tensors, { chunk, preNorm }: LactAttributes): Tensors {
  // Positions of one phase have as many tokens in the open chunk, and updates behind them or none.
  const phaseOf = (position: number) => Math.min(position, ((position - 1) % chunk) + 1 + chunk)
  return scanByPhase(x, phaseOf, (rows, position) => readFrom(rows, position, chunk, preNorm !== 0))
}

/** Whole pieces of chunks at a time: within a piece nothing but sums over its tokens changes. */
function readFrom(x: Tensors, position: number, chunk: number, preNorm: boolean): Tensors {
  const length = x.q.shape[1]!
  const norms = [x.norm0, x.norm1, x.norm2]
  let weights = [x.w0, x.w1, x.w2]
  let momenta = [x.m0, x.m1, x.m2]
  let gradients = [x.g0, x.g1, x.g2]
  let momentumSum = x.momentumSum
  const updates = updatesBefore(position, chunk)
  let open = position - updates * chunk
  let reading = preNorm && updates > 0 ? weights.map((w, i) => rescaled(w, norms[i])) : weights
  const outputs: Tensor[] = []
  for (let start = 0; start < length;) {
    if (open === chunk) {
      const momentum = tf.div(momentumSum, chunk)
      momenta = momenta.map((m, i) => tf.add(gradients[i], tf.mul(momentum, m)))
      weights = weights.map((w, i) => tf.add(w, momenta[i]))
      reading = weights.map((w, i) => rescaled(w, norms[i]))
      if (!preNorm) weights = reading
      gradients = gradients.map((g) => tf.zerosLike(g))
      momentumSum = tf.zerosLike(momentumSum)
      open = 0
    }
    const count = Math.min(length - start, chunk - open)
    const piece = (t: Tensor) => tf.slice(t, [0, start, 0], [-1, count, -1])
    outputs.push(apply(reading, piece(x.q)))
    const sums = weightedGradients(reading, piece(x.k), piece(x.v), piece(x.lr))
    gradients = gradients.map((g, i) => tf.add(g, sums[i]))
    momentumSum = tf.add(momentumSum, tf.sum(piece(x.momentum), 1, true))
    start += count
    open += count
  }
  return {
    y: length === 0 ? tf.clone(x.q) : outputs.length === 1 ? outputs[0] : tf.concat(outputs, 1),
    ...numbered('w', weights),
    ...numbered('m', momenta),
    ...numbered('g', gradients),
    momentumSum,
  }
}

/** A full chunk updates when the next one begins. */
export const updatesBefore = (position: number, chunk: number) => Math.max(0, Math.ceil(position / chunk) - 1)

const numbered = (letter: string, [zero, one, two]: Tensor[]): Tensors => ({
  [`${letter}0`]: zero,
  [`${letter}1`]: one,
  [`${letter}2`]: two,
})

const silu = (x: Tensor) => tf.mul(x, tf.sigmoid(x))
const times = (a: Tensor, b: Tensor) => tf.matMul(a, b)
const timesTransposed = (a: Tensor, b: Tensor) => tf.matMul(a, b, false, true)

/** f(z) = w1 (silu(w0 z) ⊙ w2 z) for rows z. */
const apply = ([w0, w1, w2]: Tensor[], z: Tensor) =>
  timesTransposed(tf.mul(silu(timesTransposed(z, w0)), timesTransposed(z, w2)), w1)

/** Σ_t lr_i[t] ∂⟨f(k_t), v_t⟩/∂w_i */
function weightedGradients([w0, w1, w2]: Tensor[], k: Tensor, v: Tensor, lr: Tensor): Tensor[] {
  const [lr0, lr1, lr2] = tf.split(lr, 3, 2)
  const gate = timesTransposed(k, w0)
  const up = timesTransposed(k, w2)
  const s = tf.sigmoid(gate)
  const slope = tf.mul(s, tf.add(tf.mul(gate, tf.sub(1, s)), 1))
  const dHidden = times(v, w1)
  const overTokens = (a: Tensor, b: Tensor) => tf.matMul(a, b, true, false)
  return [
    overTokens(tf.mul(tf.mul(tf.mul(dHidden, up), slope), lr0), k),
    overTokens(v, tf.mul(tf.mul(silu(gate), up), lr1)),
    overTokens(tf.mul(tf.mul(dHidden, silu(gate)), lr2), k),
  ]
}

/** Each row of w at a norm: w · norm / (‖w‖ + ε). */
export const rescaled = (w: Tensor, norm: Tensor) => tf.div(tf.mul(w, norm), tf.add(rowNorms(w), epsilon))
export const rowNorms = (w: Tensor) => tf.sqrt(tf.sum(tf.square(w), -1, true))
