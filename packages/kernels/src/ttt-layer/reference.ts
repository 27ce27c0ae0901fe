import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { inverseDeviation } from '../inverse-deviation'
import { scanByPhase } from '../scan-by-phase'
import { gelu, geluSlope } from './gelu'

/** A layer of the inner model, as of the mini-batch's start, and Σ rate · gradient over what was read of it. */
interface Layer {
  /** [B, H, in, out] and [B, H, 1, out] */
  w: Tensor
  b: Tensor
  wSum: Tensor
  bSum: Tensor
}

/** Tokens of one mini-batch, heads first: [B, H, n, d], rates [B, H, n, 1], factors [n, 1]. */
interface Tokens {
  q: Tensor
  k: Tensor
  v: Tensor
  rates: Tensor
  factors: Tensor
}

/** LayerNorm's parameters of each head [H, 1, d]. */
interface Norm {
  scale: Tensor
  shift: Tensor
}

const epsilon = 1e-6

export function tttReference(inputs: Tensors, depth: number): Tensors {
  const [miniBatch] = inputs.factors.shape
  return scanByPhase(
    inputs,
    (position) => position % miniBatch,
    (rows, filled) => readFrom(rows, filled, depth),
    ['factors', 'normScale', 'normShift'],
  )
}

/**
 * Reads the rest of the open mini-batch, whole mini-batches, and what begins a last one.
 *
 * @param filled tokens that were read of the open mini-batch
 */
function readFrom(inputs: Tensors, filled: number, depth: number): Tensors {
  const { q, k, v, rates, factors, normScale, normShift } = inputs
  const [batch, length, heads, width] = q.shape
  if (batch * length === 0) {
    const results: Tensors = { y: tf.clone(q) }
    for (const name in inputs) if (/^[wb]\d/.test(name)) results[`${name}Next`] = tf.clone(inputs[name])
    return results
  }
  const [miniBatch] = factors.shape
  const byHead = (x: Tensor) => tf.transpose(x, [0, 2, 1, 3])
  const all = {
    q: byHead(q),
    k: byHead(k),
    v: byHead(v),
    rates: byHead(tf.reshape(rates, [batch, length, heads, 1])),
  }
  const norm = {
    scale: tf.reshape(normScale, [heads, 1, width]),
    shift: tf.reshape(normShift, [heads, 1, width]),
  }
  const asRow = (b: Tensor) => tf.reshape(b, [batch, heads, 1, -1])
  let layers = Array.from({ length: depth }, (_, i): Layer => {
    const { [`w${i + 1}`]: w, [`b${i + 1}`]: b, [`w${i + 1}Sum`]: wSum, [`b${i + 1}Sum`]: bSum } = inputs
    return { w, b: asRow(b), wSum, bSum: asRow(bSum) }
  })
  const outputs: Tensor[] = []
  for (let start = 0, place = filled; start < length;) {
    const count = Math.min(miniBatch - place, length - start)
    const part = (x: Tensor) => tf.slice(x, [0, 0, start, 0], [-1, -1, count, -1])
    const read = readWithin(layers, norm, {
      q: part(all.q),
      k: part(all.k),
      v: part(all.v),
      rates: part(all.rates),
      factors: tf.reshape(tf.slice(factors, place, count), [count, 1]),
    })
    outputs.push(read.y)
    start += count
    place += count
    layers = place === miniBatch ? finish(read.layers, tf.slice(factors, miniBatch - 1, 1)) : read.layers
    place %= miniBatch
  }
  const results: Tensors = { y: byHead(tf.concat(outputs, 2)) }
  layers.forEach(({ w, b, wSum, bSum }, i) => {
    results[`w${i + 1}Next`] = w
    results[`b${i + 1}Next`] = tf.reshape(b, inputs[`b${i + 1}`].shape)
    results[`w${i + 1}SumNext`] = wSum
    results[`b${i + 1}SumNext`] = tf.reshape(bSum, inputs[`b${i + 1}`].shape)
  })
  return results
}

/**
 * Tokens of one mini-batch in dual form: every gradient is taken at the weights W of the mini-batch's start, and token
 * i reads with W − factorᵢ · (sum before + Σ rateⱼ · gradientⱼ over j ≤ i), a causal product instead of n weights.
 */
function readWithin(layers: Layer[], norm: Norm, { q, k, v, rates, factors }: Tokens) {
  const last = layers.length - 1
  const keys: Tensor[] = []
  const sums: Tensor[] = []
  layers.forEach(({ w, b }, i) => {
    keys.push(i === 0 ? k : gelu(sums[i - 1]))
    sums.push(tf.add(tf.matMul(keys[i], w), b))
  })
  const gradients: Tensor[] = []
  gradients[last] = reconstructionGradient(sums[last], tf.sub(v, k), norm)
  for (let i = last - 1; i >= 0; i--)
    gradients[i] = tf.mul(tf.matMul(gradients[i + 1], layers[i + 1].w, false, true), geluSlope(sums[i]))
  const steps = gradients.map((gradient) => tf.mul(rates, gradient))

  const seen = causal(q.shape[2]!)
  let x = q
  layers.forEach(({ w, b, wSum, bSum }, i) => {
    // + 1 for the biases, whose gradient is that of a weight on a constant input.
    const products = tf.mul(tf.add(tf.matMul(x, keys[i], false, true), 1), seen)
    const moved = tf.add(tf.add(tf.matMul(x, wSum), bSum), tf.matMul(products, steps[i]))
    const z = tf.sub(tf.add(tf.matMul(x, w), b), tf.mul(factors, moved))
    x = i < last ? gelu(z) : z
  })
  const { normalized } = standardize(x)
  return {
    y: tf.add(q, tf.add(tf.mul(normalized, norm.scale), norm.shift)),
    layers: layers.map(({ w, b, wSum, bSum }, i) => ({
      w,
      b,
      wSum: tf.add(wSum, tf.matMul(keys[i], steps[i], true)),
      bSum: tf.add(bSum, tf.sum(steps[i], 2, true)),
    })),
  }
}

/** The weights that the next mini-batch starts from. */
const finish = (layers: Layer[], factor: Tensor): Layer[] =>
  layers.map(({ w, b, wSum, bSum }) => ({
    w: tf.sub(w, tf.mul(factor, wSum)),
    b: tf.sub(b, tf.mul(factor, bSum)),
    wSum: tf.zeros(wSum.shape),
    bSum: tf.zeros(bSum.shape),
  }))

function standardize(z: Tensor) {
  const centered = tf.sub(z, tf.mean(z, -1, true))
  const inverse = inverseDeviation(centered, epsilon)
  return { normalized: tf.mul(centered, inverse), inverse }
}

/** ∂/∂z of ½ ‖LayerNorm(z) − target‖², a sum over the channels. */
function reconstructionGradient(z: Tensor, target: Tensor, { scale, shift }: Norm): Tensor {
  const { normalized, inverse } = standardize(z)
  const error = tf.sub(tf.add(tf.mul(normalized, scale), shift), target)
  const slope = tf.mul(error, scale)
  const along = tf.mean(tf.mul(slope, normalized), -1, true)
  return tf.mul(inverse, tf.sub(tf.sub(slope, tf.mean(slope, -1, true)), tf.mul(normalized, along)))
}

/** [n, n]: 1 where row i sees column j ≤ i. */
function causal(n: number): Tensor {
  const values = Float32Array.from({ length: n * n }, (_, i) => (i % n <= Math.floor(i / n) ? 1 : 0))
  return tf.tensor(values, [n, n])
}
