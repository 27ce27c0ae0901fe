import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { scanByPhase } from '../scan-by-phase'
import { normalCdf, normalDensity } from './normal-cdf'

export type TitansMemoryAttributes = {
  chunk: number
  gradientsAtStart: number
  epsilon: number
}

export function titansMemoryReference(x: Tensors, attributes: TitansMemoryAttributes): Tensors {
  const { chunk } = attributes
  return scanByPhase(
    x,
    (position) => position % chunk,
    (rows, open) => readFrom(rows, open, attributes),
  )
}

/** @param open tokens that were read of the open chunk */
function readFrom(
  x: Tensors,
  open: number,
  { chunk, gradientsAtStart, epsilon }: TitansMemoryAttributes,
): Tensors {
  const length = x.q.shape[1]!
  const given = [x.w0, x.w1, x.w2]
  let weights = given
  let surprises = [x.s0, x.s1, x.s2]
  let gradients = [x.g0, x.g1, x.g2]
  let { momentumSum, decaySum } = x
  const outputs: Tensor[] = []
  const piece = (t: Tensor, first: number, end: number) => tf.slice(t, [0, first, 0], [-1, end - first, -1])
  let read = 0
  const readTo = (end: number) => {
    if (end > read) outputs.push(recall(weights, piece(x.q, read, end), epsilon).y)
    read = end
  }
  for (let start = 0; start < length;) {
    const end = Math.min(length, start + chunk - open)
    const of = (t: Tensor) => piece(t, start, end)
    const sums = weightedGradients(gradientsAtStart ? given : weights, of(x.k), of(x.v), of(x.rate), epsilon)
    gradients = gradients.map((g, i) => tf.add(g, sums[i]))
    momentumSum = tf.add(momentumSum, tf.sum(of(x.momentum), 1, true))
    decaySum = tf.add(decaySum, tf.sum(of(x.decay), 1, true))
    open += end - start
    start = end
    if (open < chunk) break
    // The last token of a chunk already reads what the chunk has taught.
    readTo(end - 1)
    const momentum = tf.sigmoid(tf.div(momentumSum, chunk))
    const kept = tf.sub(1, tf.sigmoid(tf.div(decaySum, chunk)))
    surprises = surprises.map((s, i) => tf.sub(tf.mul(momentum, s), gradients[i]))
    weights = weights.map((w, i) => tf.add(tf.mul(kept, w), surprises[i]))
    gradients = gradients.map((g) => tf.zerosLike(g))
    momentumSum = tf.zerosLike(momentumSum)
    decaySum = tf.zerosLike(decaySum)
    open = 0
  }
  readTo(length)
  return {
    y: length === 0 ? tf.clone(x.q) : outputs.length === 1 ? outputs[0] : tf.concat(outputs, 1),
    ...numbered('w', weights),
    ...numbered('s', surprises),
    ...numbered('g', gradients),
    momentumSum,
    decaySum,
  }
}

const numbered = (letter: string, [zero, one, two]: Tensor[]): Tensors => ({
  [`${letter}0`]: zero,
  [`${letter}1`]: one,
  [`${letter}2`]: two,
})

const mean = (x: Tensor) => tf.mean(x, -1, true)

/** f(z) = z + layerNorm(gelu(z w1) w2) ⊙ (w0 + 1) for rows z, and what leads to it. */
function recall([w0, w1, w2]: Tensor[], z: Tensor, epsilon: number) {
  const before = tf.matMul(z, w1)
  const gate = normalCdf(before)
  const hidden = tf.mul(before, gate)
  const out = tf.matMul(hidden, w2)
  const centred = tf.sub(out, mean(out))
  // Not `inverseDeviation`: by its derivatives a second gradient of small differences is 6e-5 off on wasm, of 5e-5 that it may
  // be; with its factors in an order that is nearer here, TTT-MLP's derivatives leave float32 at the highest rates.
  const inverse = tf.rsqrt(tf.add(mean(tf.square(centred)), epsilon))
  const normalised = tf.mul(centred, inverse)
  const y = tf.add(tf.mul(normalised, tf.add(w0, 1)), z)
  return { before, gate, hidden, inverse, normalised, y }
}

/** Σ_t rate[t] ∂ mean((f(k_t) − v_t)²)/∂w_i */
function weightedGradients(weights: Tensor[], k: Tensor, v: Tensor, rate: Tensor, epsilon: number): Tensor[] {
  const [w0, , w2] = weights
  const { before, gate, hidden, inverse, normalised, y } = recall(weights, k, epsilon)
  const dY = tf.mul(tf.mul(tf.sub(y, v), 2 / k.shape[2]!), rate)
  const dNormalised = tf.mul(dY, tf.add(w0, 1))
  const along = mean(tf.mul(dNormalised, normalised))
  const dOut = tf.mul(tf.sub(tf.sub(dNormalised, mean(dNormalised)), tf.mul(normalised, along)), inverse)
  const slope = tf.add(gate, tf.mul(before, normalDensity(before)))
  const dBefore = tf.mul(tf.matMul(dOut, w2, false, true), slope)
  return [
    tf.sum(tf.mul(dY, normalised), 1, true),
    tf.matMul(k, dBefore, true, false),
    tf.matMul(hidden, dOut, true, false),
  ]
}
