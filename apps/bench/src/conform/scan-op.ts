import {
  gatedDeltaRule,
  lact,
  lactStart,
  lactWeights,
  shortConv,
  ssdScan,
  tttLinearOp,
  tttMlpOp,
} from '@ttt-e2e/kernels/ops'
import { tf, vjp, type FusedOp, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { Comparisons, tensorsUnder, type GoldenCase, type Verdict } from './golden-case'
import { gdn2, kda } from './scan-ops/delta-rules'
import { inPlaceTttCase } from './scan-ops/in-place-ttt'
import { mesaCase } from './scan-ops/mesa'
import { mamba3Mimo, mamba3Siso } from './scan-ops/mamba3'
import { titansLayer } from './titans-layer'

/** From a case's inputs and description to its outputs, both under the names that its file has. */
type Run = (inputs: Tensors, description: Record<string, unknown>) => Tensors

const convolution =
  (silu: boolean): Run =>
  ({ x, w, b, s0 }) => {
    const { y, lastState } = shortConv(x, w, s0, { bias: b, silu })
    return { y, s_last: lastState }
  }

const largeChunks =
  (preNorm: boolean): Run =>
  ({ q, k, v, lr0, lr1, lr2, mom, ...weights }, { chunk }) => {
    const options = { chunk: Number(chunk), preNorm, position: tf.zeros([q.shape[0]], 'int32') }
    const inputs = { q, k, v, lr: tf.concat([lr0, lr1, lr2], 2), momentum: mom }
    const { y, state } = lact(inputs, lactStart(weights.w0, weights.w1, weights.w2), options)
    const [w0, w1, w2] = lactWeights(state, options, q.shape[1]!)
    return { out: y, w0_last: w0, w1_last: w1, w2_last: w2 }
  }

/**
 * The cases stand heads first, share the first weights W1, b1, … among sequences, and end with the weights that the
 * last token read with.
 */
const ttt =
  (op: FusedOp, layers: number): Run =>
  (inputs) => {
    const { q, k, v, lr, tok, ln_w, ln_b } = inputs
    const [batch, , length] = q.shape
    const miniBatch = tok.shape[0]
    const tokensFirst = (x: Tensor) => tf.transpose(x, [0, 2, 1, ...(x.rank === 4 ? [3] : [])])
    const numbers = Array.from({ length: layers }, (_, i) => i + 1)
    const start: Tensors = {}
    for (const i of numbers) {
      start[`w${i}`] = tf.tile(tf.expandDims(inputs[`W${i}`], 0), [batch, 1, 1, 1])
      start[`b${i}`] = tf.tile(tf.transpose(inputs[`b${i}`], [1, 0, 2]), [batch, 1, 1])
      start[`w${i}Sum`] = tf.zerosLike(start[`w${i}`])
      start[`b${i}Sum`] = tf.zerosLike(start[`b${i}`])
    }
    const { y, ...next } = op({
      q: tokensFirst(q),
      k: tokensFirst(k),
      v: tokensFirst(v),
      rates: tokensFirst(lr),
      factors: tok,
      normScale: ln_w,
      normShift: ln_b,
      position: tf.zeros([batch], 'int32'),
      ...start,
    })
    const outputs: Tensors = { out: tokensFirst(y) }
    const lastFactor = tf.slice(tok, (length - 1) % miniBatch, 1)
    for (const i of numbers) {
      // The sums are zeros where the last mini-batch is full.
      const last = (name: string) => tf.sub(next[`${name}Next`], tf.mul(next[`${name}SumNext`], lastFactor))
      outputs[`W${i}_last`] = last(`w${i}`)
      outputs[`b${i}_last`] = tf.expandDims(last(`b${i}`), 2)
    }
    return outputs
  }

/** By the case's name without `op_`; a longer name that goes on with `_` is a variant of it. */
const ops: Record<string, Run> = {
  short_conv: convolution(false),
  short_conv_silu: convolution(true),
  ssd: ({ h0, ...inputs }) => {
    const { y, lastState } = ssdScan({ ...(inputs as Parameters<typeof ssdScan>[0]), state: h0 })
    return { y, h_last: lastState }
  },
  gated_delta: ({ s0, ...inputs }) => {
    const { o, lastState } = gatedDeltaRule({
      ...(inputs as Parameters<typeof gatedDeltaRule>[0]),
      state: s0,
    })
    return { o, s_last: lastState }
  },
  kda,
  gdn2,
  lact_postnorm: largeChunks(false),
  lact_prenorm: largeChunks(true),
  titans_memory: (inputs, { heads, chunk }) => titansLayer(inputs, Number(heads), Number(chunk)),
  ttt_linear: ttt(tttLinearOp, 1),
  ttt_mlp: ttt(tttMlpOp, 2),
  mamba3_siso: mamba3Siso,
  inplace_ttt: inPlaceTttCase,
  mesa: mesaCase,
  mamba3_mimo: mamba3Mimo,
}

const forwardTolerance = 1e-5
const gradientTolerance = 5e-5

/** Forward and gradient of one op that carries a state over tokens. Undefined where the op isn't known. */
export async function conformScanOp(golden: GoldenCase): Promise<Verdict | undefined> {
  const run = opOf(String(golden.description.case))
  if (!run) return undefined
  const comparisons = new Comparisons()
  tf.tidy(() => {
    const compareAll = (prefix: string, actual: Tensors, tolerance: number) => {
      for (const [name, { values }] of Object.entries(golden.tensors)) {
        if (!name.startsWith(`${prefix}.`)) continue
        // Angles are compared on the circle: in which turn they stand is for each to choose.
        const onCircle = (ours: ArrayLike<number>) => nearestTurns(values, ours)
        const expected = name === 'out.angle_last' ? onCircle : values
        comparisons.compareTensor(name, actual[name.slice(prefix.length + 1)], expected, tolerance)
      }
    }
    const { value, pull } = vjp(
      (x: Tensors) => ({ value: run(x, golden.description) }),
      tensorsUnder(golden, 'in'),
    )
    compareAll('out', value, forwardTolerance)
    compareAll('grad', pull(tensorsUnder(golden, 'cot')), gradientTolerance)
  })
  await comparisons.readAll()
  return comparisons.result()
}

/** Each expected angle in the turn in which ours stands. */
const nearestTurns = (expected: ArrayLike<number>, ours: ArrayLike<number>): number[] =>
  Array.from(expected, (angle, i) => angle + 2 * Math.PI * Math.round((ours[i] - angle) / (2 * Math.PI)))

function opOf(caseName: string): Run | undefined {
  const name = caseName.replace(/^op_/, '')
  const known = Object.keys(ops).filter((op) => name === op || name.startsWith(`${op}_`))
  return ops[known.sort((a, b) => b.length - a.length)[0]]
}
