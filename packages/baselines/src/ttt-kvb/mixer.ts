import { lact, lactStart, linear, rmsNorm, rope, type LactState } from '@ttt-e2e/kernels/ops'
import {
  cachedAttention,
  cacheSlots,
  headWidthOf,
  normalWeight,
  reserveCache,
  seenTokens,
  SizeError,
  startCache,
  type AttentionCache,
  type MixerKind,
  type SequenceMixer,
} from '@ttt-e2e/swa-transformer'
import { tf, type Random, type Tensor } from '@ttt-e2e/tensor-ops'
import {
  byHead,
  byToken,
  forBatch,
  mergeHeads,
  positionOfHeads,
  silu,
  splitHeads,
  unitHeads,
} from '../fast-heads'

export type TttKvbParams = {
  /** Projection to queries, keys and values [D, 3 D], used as x · w, and back [D, D]. */
  wqkv: Tensor
  wo: Tensor
  /** RMSNorm scales of queries and keys over their whole width [D]; absent without QK norm. */
  qNorm?: Tensor
  kNorm?: Tensor
  /** What queries and keys are multiplied with, and what is added, for the fast weights [D]. */
  qScale: Tensor
  kScale: Tensor
  qOffset: Tensor
  kOffset: Tensor
  /** Fast weights initially: w0 and w2 are left · right + I/2, left [F, h, r], right [F, r, d]; w1 [F, d, h]. */
  w0Left: Tensor
  w0Right: Tensor
  w2Left: Tensor
  w2Right: Tensor
  w1: Tensor
  /** Projections [D, 3 F], of each fast head for w0, w1 and w2, and [D, F], with biases. */
  wRates: Tensor
  ratesBias: Tensor
  wMomentum: Tensor
  momentumBias: Tensor
  wGate: Tensor
  gateBias: Tensor
  /** RMSNorm scale of what a fast head reads [d], shared by the heads. */
  readNorm: Tensor
}

export interface TttKvbOptions {
  /** Tokens that attention sees; 0 for all. */
  window: number
  /** Tokens per update of the fast weights. */
  chunk: number
  /** Heads F of fast weights, 4 where left out. */
  fastHeads?: number
  /** Rank r of what is learned of the initial w0 and w2, 32 where left out. */
  rank?: number
  /** Hidden width h of the fast weights as a multiple of their width d, 1 where left out. */
  expansion?: number
  /** The learning rate that projections of zero give, 0.001 where left out. */
  baseRate?: number
  /** Whether updates add up in weights of free norm, a rescaled copy of which is read; false where left out. */
  preNorm?: boolean
  /** Whether queries and keys are normalised over their whole width; false where left out. */
  qkNorm?: boolean
}

const normEpsilon = 1e-5

/**
 * TTT-KVB, the layer of LaCT (Zhang et al. 2025, "Test-Time Training Done Right"): attention in a window and SwiGLU fast
 * weights that learn to map keys to values while reading, side by side on the same queries, keys and values, added before
 * the output projection. For its F heads of width d = D/F the fast weights get silu(q · scale + offset), k likewise and
 * silu(v), q and k then scaled to norm 1 and rotated by RoPE as the attention's heads are, at the position in the text. A
 * learning rate per token, head and weight is softplus(x wRates + bias + softplus⁻¹(baseRate)), a momentum per token and
 * head sigmoid(x wMomentum + bias). What a head reads goes through RMSNorm and is multiplied by silu(x wGate + bias). See
 * `lact` for the updates; there is no Muon.
 */
export const tttKvbMixer =
  (options: TttKvbOptions): MixerKind =>
  ({ hiddenSize, heads, ropeTheta, ropeScaling }) => {
    const { window, chunk, fastHeads = 4, rank = 32, expansion = 1, baseRate = 0.001 } = options
    const { preNorm = false, qkNorm = false } = options
    if (hiddenSize % fastHeads !== 0)
      throw new SizeError(`the hidden size ${hiddenSize} can't be shared evenly by ${fastHeads} fast heads`)
    const headWidth = headWidthOf({ hiddenSize, heads })
    const width = hiddenSize / fastHeads
    const hidden = expansion * width
    // Of a large rate e^rate is beyond any number, and softplus⁻¹ the rate itself.
    const rateOffset = baseRate > 100 ? baseRate : Math.log(Math.expm1(baseRate))

    const initial = (left: Tensor, right: Tensor) =>
      tf.add(tf.matMul(left, right), tf.mul(tf.eye(hidden, width), 0.5))
    const readFast = (
      params: TttKvbParams,
      x: Tensor,
      [q, k, v]: Tensor[],
      state: Record<string, Tensor>,
      position: Tensor,
    ) => {
      const [batch, length] = x.shape
      const prepared = (y: Tensor, scale: Tensor, offset: Tensor) => {
        const unit = unitHeads(silu(tf.add(tf.mul(y, scale), offset)), fastHeads)
        const turned = rope(tf.reshape(unit, [batch, length, heads, headWidth]), {
          theta: ropeTheta,
          scaling: ropeScaling,
          position,
        })
        return byHead(tf.reshape(turned, [batch, length, hiddenSize]), fastHeads)
      }
      const rates = tf.add(tf.add(linear(x, params.wRates), params.ratesBias), rateOffset)
      const momentum = tf.sigmoid(tf.add(linear(x, params.wMomentum), params.momentumBias))
      const inputs = {
        q: prepared(q, params.qScale, params.qOffset),
        k: prepared(k, params.kScale, params.kOffset),
        v: byHead(silu(v), fastHeads),
        lr: byHead(tf.softplus(rates), fastHeads),
        momentum: byHead(momentum, fastHeads),
      }
      const { y, state: after } = lact(inputs, mergeHeads(state) as LactState, {
        chunk,
        preNorm,
        position: positionOfHeads(position, fastHeads),
      })
      const gate = silu(tf.add(linear(x, params.wGate), params.gateBias))
      const gated = tf.mul(rmsNorm(y, params.readNorm, normEpsilon), byHead(gate, fastHeads))
      return { y: byToken(gated, fastHeads), state: splitHeads(after, fastHeads) }
    }

    const matrices = 4 * hiddenSize ** 2 + 5 * hiddenSize * fastHeads
    const fastSize = fastHeads * width * hidden
    const mixer: SequenceMixer<TttKvbParams> = {
      name: `TTT-KVB by ${chunk} beside attention in a window of ${window}`,
      init: (random) => ({
        wqkv: normalWeight(random, [hiddenSize, 3 * hiddenSize]),
        wo: normalWeight(random, [hiddenSize, hiddenSize]),
        ...(qkNorm && { qNorm: tf.ones([hiddenSize]), kNorm: tf.ones([hiddenSize]) }),
        qScale: tf.ones([hiddenSize]),
        kScale: tf.ones([hiddenSize]),
        qOffset: tf.zeros([hiddenSize]),
        kOffset: tf.zeros([hiddenSize]),
        w0Left: normal(random, [fastHeads, hidden, rank], 0.5 / Math.sqrt(rank)),
        w0Right: normal(random, [fastHeads, rank, width], 0.5 / Math.sqrt(width)),
        w2Left: normal(random, [fastHeads, hidden, rank], 0.5 / Math.sqrt(rank)),
        w2Right: normal(random, [fastHeads, rank, width], 0.5 / Math.sqrt(width)),
        w1: normal(random, [fastHeads, width, hidden], 1 / Math.sqrt(hidden)),
        wRates: normalWeight(random, [hiddenSize, 3 * fastHeads]),
        ratesBias: tf.zeros([3 * fastHeads]),
        wMomentum: normalWeight(random, [hiddenSize, fastHeads]),
        momentumBias: tf.zeros([fastHeads]),
        wGate: normalWeight(random, [hiddenSize, fastHeads]),
        gateBias: tf.zeros([fastHeads]),
        readNorm: tf.ones([width]),
      }),
      start(params, batch) {
        const w0 = initial(params.w0Left, params.w0Right)
        const w2 = initial(params.w2Left, params.w2Right)
        return { ...forBatch(lactStart(w0, params.w1, w2), batch), ...startCache(batch, heads, headWidth) }
      },
      reserve: (state, tokens) => reserveCache(state as AttentionCache, tokens, window),
      read(params, x, state, { position }) {
        const [batch, length] = x.shape
        const normed = (y: Tensor, scale?: Tensor) => (scale ? rmsNorm(y, scale, normEpsilon) : y)
        const thirds = tf.split(linear(x, params.wqkv), 3, 2)
        const q = normed(thirds[0], params.qNorm)
        const k = normed(thirds[1], params.kNorm)
        const v = thirds[2]
        const split = (y: Tensor) => tf.reshape(y, [batch, length, heads, headWidth])
        const { k: cachedK, v: cachedV, ...fastState } = state
        const cache = { k: cachedK, v: cachedV }
        const options = { window, ropeTheta, ropeScaling, position }
        const attended = cachedAttention(split(q), split(k), split(v), cache, options)
        const fast = readFast(params, x, [q, k, v], fastState, position)
        return {
          y: linear(tf.add(tf.reshape(attended.y, [batch, length, hiddenSize]), fast.y), params.wo),
          state: { ...fast.state, ...attended.cache },
        }
      },
      parameterCount:
        matrices +
        5 * fastHeads +
        (qkNorm ? 6 : 4) * hiddenSize +
        fastSize +
        2 * fastHeads * rank * (hidden + width) +
        width,
      stateBytes: (position) =>
        4 *
        (2 * hiddenSize * cacheSlots(position, window) + 9 * fastSize + fastHeads * (2 * hidden + width + 1)),
      // Reading takes three products with fast weights, learning six.
      flops: (position) => 2 * matrices + 4 * hiddenSize * seenTokens(position, window) + 18 * fastSize,
    }
    return mixer
  }

const normal = (random: Random, shape: number[], deviation: number) =>
  tf.mul(normalWeight(random, shape), deviation / 0.02)
