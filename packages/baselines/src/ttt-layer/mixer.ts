import { gelu, linear, rope, shortConv, type TttTokens } from '@ttt-e2e/kernels/ops'
import {
  headWidthOf,
  initConv,
  normalWeight,
  type ConvParams,
  type MixerKind,
  type SequenceMixer,
} from '@ttt-e2e/swa-transformer'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { layerNorm, type LayerNormParams } from './layer-norm'

export interface TttOptions {
  /** Tokens K whose gradients are taken at the same weights; 16 where left out. */
  miniBatch?: number
  /** Inner learning rate, before each token's gate; the inner model's own where left out. */
  baseRate?: number
  /** Whether queries and keys are convolutions of one projection; true where left out. */
  shareQk?: boolean
  /** Whether the output passes a gate made from the input; true where left out. */
  gate?: boolean
  /** Taps of those convolutions; 4 where left out. */
  taps?: number
  /** RoPE's base, for positions within a mini-batch; 10 000 where left out. */
  ropeTheta?: number
}

/** The model that learns while it reads. */
export interface InnerModel {
  name: string
  baseRate: number
  /** Whether training warms the base rate up. */
  warmsUp: boolean
  /** Output widths of its layers for a head of this width. */
  layers(width: number): number[]
  /** The fused op, on a state of the form { w1, b1, …, w1Sum, b1Sum, … }. */
  scan(
    tokens: TttTokens,
    state: Record<string, Tensor>,
    position: Tensor,
  ): { y: Tensor; state: Record<string, Tensor> }
}

export type TttParams = {
  /** Projections [D, D], used as x · w; without wk, queries and keys are convolutions of x · wq. */
  wq: Tensor
  wk?: Tensor
  wv: Tensor
  wo: Tensor
  /** The gate's [D, D]. */
  wg?: Tensor
  convQ?: ConvParams
  convK?: ConvParams
  /** Each head's gate of the inner learning rate: [D, H] and [H]. */
  rateWeight: Tensor
  rateBias: Tensor
  /** What is added to the factors 1, ½, … 1/K of the places in a mini-batch [K]. */
  factorShift: Tensor
  /** LayerNorm of each head's predictions [H, d]. */
  norm: LayerNormParams
  /** LayerNorm of all heads' outputs together [D]. */
  postNorm: LayerNormParams
  /** The inner model before the first token: w1 [H, in, out], b1 [H, out], … */
  inner: Record<string, Tensor>
}

const epsilon = 1e-6

/**
 * A layer whose state is a model that learns from every token (Sun et al. 2024, "Learning to (Learn at Test Time)"):
 * for each head, weights that predict v − k from k by gradient descent on mini-batches of tokens. The state holds the
 * weights of the open mini-batch's start, the gradients summed over what was read of it, and the convolutions' inputs;
 * it starts from parameters and its size does not depend on the position.
 */
export const tttMixer =
  (model: InnerModel, options: TttOptions): MixerKind =>
  ({ hiddenSize, heads }) => {
    const { miniBatch = 16, baseRate = model.baseRate, shareQk = true, gate = true, taps = 4 } = options
    const { ropeTheta = 10_000 } = options
    const width = headWidthOf({ hiddenSize, heads })
    const widths = model.layers(width)
    const inputs = [width, ...widths]
    const layerSizes = widths.map((out, i) => heads * inputs[i] * out)
    const innerWeights = layerSizes.reduce((sum, size) => sum + size)
    const innerSize = innerWeights + heads * widths.reduce((sum, out) => sum + out)
    const projections = (3 + Number(!shareQk) + Number(gate)) * hiddenSize ** 2 + hiddenSize * heads
    const convolutions = shareQk ? 2 * hiddenSize * taps : 0

    const startFactors = () => tf.tensor1d(Array.from({ length: miniBatch }, (_, i) => 1 / (i + 1)))

    /** Queries and keys [B, T, D], not yet rotated, and the convolutions' last inputs. */
    function queriesAndKeys(
      params: TttParams,
      x: Tensor,
      projected: Tensor,
    ): { q: Tensor; k: Tensor; projected?: Tensor } {
      const q = linear(x, params.wq)
      if (!params.convQ || !params.convK) return { q, k: linear(x, params.wk!) }
      const convolved = ({ weight, bias }: ConvParams) => shortConv(q, weight, projected, { bias })
      const { y, lastState } = convolved(params.convQ)
      return { q: y, k: convolved(params.convK).y, projected: lastState }
    }

    const mixer: SequenceMixer<TttParams> = {
      name: model.name,
      init: (random) => ({
        wq: normalWeight(random, [hiddenSize, hiddenSize]),
        ...(!shareQk && { wk: normalWeight(random, [hiddenSize, hiddenSize]) }),
        wv: normalWeight(random, [hiddenSize, hiddenSize]),
        wo: normalWeight(random, [hiddenSize, hiddenSize]),
        ...(gate && { wg: normalWeight(random, [hiddenSize, hiddenSize]) }),
        ...(shareQk && {
          convQ: initConv(random, hiddenSize, taps),
          convK: initConv(random, hiddenSize, taps),
        }),
        rateWeight: normalWeight(random, [hiddenSize, heads]),
        rateBias: tf.zeros([heads]),
        factorShift: tf.zeros([miniBatch]),
        norm: { scale: tf.ones([heads, width]), shift: tf.zeros([heads, width]) },
        postNorm: { scale: tf.ones([hiddenSize]), shift: tf.zeros([hiddenSize]) },
        inner: Object.fromEntries(
          widths.flatMap((out, i) => [
            [`w${i + 1}`, normalWeight(random, [heads, inputs[i], out])],
            [`b${i + 1}`, tf.zeros([heads, out])],
          ]),
        ),
      }),
      start(params, batch) {
        const state: Record<string, Tensor> = {}
        for (const [name, weights] of Object.entries(params.inner)) {
          state[name] = tf.tile(tf.expandDims(weights, 0), [batch, ...weights.shape.map(() => 1)])
          state[`${name}Sum`] = tf.zeros([batch, ...weights.shape])
        }
        if (shareQk) state.projected = tf.zeros([batch, hiddenSize, taps - 1])
        return state
      },
      read(params, x, state, { position, rateMultiplier }) {
        const [batch, length] = x.shape
        const byHead = (y: Tensor) => tf.reshape(y, [batch, length, heads, width])
        const { projected: before, ...inner } = state
        const { q, k, projected } = queriesAndKeys(params, x, before)
        const rotated = (y: Tensor) => rope(byHead(y), { theta: ropeTheta, position, period: miniBatch })
        const gates = tf.sigmoid(tf.add(linear(x, params.rateWeight), params.rateBias))
        const rates = tf.mul(gates, baseRate / width)
        const tokens = {
          q: rotated(q),
          k: rotated(k),
          v: byHead(linear(x, params.wv)),
          rates: model.warmsUp && rateMultiplier ? tf.mul(rates, rateMultiplier) : rates,
          factors: tf.relu(tf.add(params.factorShift, startFactors())),
          normScale: params.norm.scale,
          normShift: params.norm.shift,
        }
        const scanned = model.scan(tokens, inner, position)
        const normed = layerNorm(tf.reshape(scanned.y, [batch, length, hiddenSize]), params.postNorm, epsilon)
        const gated = params.wg ? tf.mul(gelu(linear(x, params.wg)), normed) : normed
        return {
          y: linear(gated, params.wo),
          state: { ...scanned.state, ...(projected && { projected }) },
        }
      },
      ...(model.warmsUp && { innerRate: baseRate }),
      parameterCount:
        projections +
        (shareQk ? convolutions + 2 * hiddenSize : 0) +
        heads +
        miniBatch +
        4 * hiddenSize +
        innerSize,
      stateBytes: () => 4 * (2 * innerSize + (shareQk ? hiddenSize * (taps - 1) : 0)),
      // Each inner weight meets a key, its gradient, the step and a query; those after the first pass a gradient back too.
      flops: () => 2 * (projections + convolutions + 5 * innerWeights - layerSizes[0]),
    }
    return mixer
  }
