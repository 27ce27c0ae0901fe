import { linear, rmsNorm, shortConv, ssdScan, swiglu } from '@ttt-e2e/kernels/ops'
import { uniformWeight, SizeError, type MixerKind, type SequenceMixer } from '@ttt-e2e/swa-transformer'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { initLogRate, initStepBias, ratesOf } from '../recurrent-init'

/** With E the inner width, H heads of width P = E/H, and G groups that share keys and queries of the state's width N. */
export type Mamba2Params = {
  /** [D, 2E + 2GN + H], used as x · w: columns of the gate z, of x, B and C, and of the steps. */
  inProj: Tensor
  /** The convolution over x, B and C: [E + 2GN, K] and [E + 2GN]. */
  convWeight: Tensor
  convBias: Tensor
  /** [H], added to the steps before softplus. */
  stepBias: Tensor
  /** [H], the logarithms of −A. */
  logRate: Tensor
  /** [H], the share D of a token's own input in its output. */
  skip: Tensor
  /** RMSNorm scale [E], each group of E/G channels normalised by itself. */
  norm: Tensor
  /** [E, D], used as x · w. */
  outProj: Tensor
}

export interface Mamba2Options {
  /** E; twice the hidden size where left out. */
  innerWidth?: number
  /** P; 64 where left out. */
  headWidth?: number
  /** N; 128 where left out. */
  stateWidth?: number
  /** G; 1 where left out. */
  groups?: number
  /** K, tokens that the convolution sees; 4 where left out. */
  taps?: number
  /** Bounds of the steps after softplus; none where left out. */
  stepLimit?: readonly [least: number, most: number]
  /** Layers of the model: the output projection starts smaller by their root. 1 where left out. */
  layers?: number
}

/**
 * The Mamba 2 layer (Dao & Gu 2024, section 7, the official code's order of things): a short convolution with silu, the
 * SSD scan, the gate, RMSNorm after the gate. The state holds the scan's [H, P, N] and the convolution's last inputs.
 */
export const mamba2Mixer =
  (options: Mamba2Options = {}): MixerKind =>
  ({ hiddenSize, normEpsilon }) => {
    const { innerWidth = 2 * hiddenSize, headWidth = 64, stateWidth = 128 } = options
    const { groups = 1, taps = 4, stepLimit, layers = 1 } = options
    const heads = innerWidth / headWidth
    if (!Number.isInteger(heads))
      throw new SizeError(`the inner width ${innerWidth} must be a multiple of the head width ${headWidth}`)
    if (heads % groups !== 0) throw new SizeError(`${groups} groups can't be shared evenly by ${heads} heads`)
    const sharedWidth = groups * stateWidth
    const convWidth = innerWidth + 2 * sharedWidth
    const inWidth = innerWidth + convWidth + heads
    const limited = (steps: Tensor) => (stepLimit ? tf.clipByValue(steps, ...stepLimit) : steps)

    const mixer: SequenceMixer<Mamba2Params> = {
      name: 'Mamba 2',
      init: (random) => ({
        inProj: uniformWeight(random, [hiddenSize, inWidth], 1 / Math.sqrt(hiddenSize)),
        convWeight: uniformWeight(random, [convWidth, taps], 1 / Math.sqrt(taps)),
        convBias: uniformWeight(random, [convWidth], 1 / Math.sqrt(taps)),
        stepBias: initStepBias(random, heads),
        logRate: initLogRate(random, heads, 1, 16),
        skip: tf.ones([heads]),
        norm: tf.ones([innerWidth]),
        outProj: uniformWeight(random, [innerWidth, hiddenSize], 1 / Math.sqrt(innerWidth * layers)),
      }),
      start: (_, batch) => ({
        conv: tf.zeros([batch, convWidth, taps - 1]),
        scan: tf.zeros([batch, heads, headWidth, stateWidth]),
      }),
      read(params, x, state) {
        const [batch, length] = x.shape
        const [gate, convolved, rawSteps] = tf.split(
          linear(x, params.inProj),
          [innerWidth, convWidth, heads],
          2,
        )
        const conv = shortConv(convolved, params.convWeight, state.conv, {
          bias: params.convBias,
          silu: true,
        })
        const [values, B, C] = tf.split(conv.y, [innerWidth, sharedWidth, sharedWidth], 2)
        const scan = ssdScan({
          x: tf.reshape(values, [batch, length, heads, headWidth]),
          dt: limited(tf.softplus(tf.add(rawSteps, params.stepBias))),
          A: tf.neg(ratesOf(params.logRate)),
          B: tf.reshape(B, [batch, length, groups, stateWidth]),
          C: tf.reshape(C, [batch, length, groups, stateWidth]),
          D: params.skip,
          state: state.scan,
        })
        const gated = swiglu(gate, tf.reshape(scan.y, [batch, length, innerWidth]))
        return {
          y: linear(normByGroup(gated, params.norm), params.outProj),
          state: { conv: conv.lastState, scan: scan.lastState },
        }
      },
      undecayed: ['stepBias', 'logRate', 'skip'],
      parameterCount:
        hiddenSize * inWidth + convWidth * (taps + 1) + 3 * heads + innerWidth + innerWidth * hiddenSize,
      stateBytes: () => 4 * (innerWidth * stateWidth + convWidth * (taps - 1)),
      flops: () =>
        2 * hiddenSize * (inWidth + innerWidth) + 2 * convWidth * taps + 4 * innerWidth * stateWidth,
    }
    return mixer

    function normByGroup(y: Tensor, scale: Tensor): Tensor {
      if (groups === 1) return rmsNorm(y, scale, normEpsilon)
      const width = innerWidth / groups
      const byGroup = tf.reshape(y, [y.shape[0], y.shape[1]!, groups, width])
      return tf.mul(tf.reshape(rmsNorm(byGroup, tf.ones([width]), normEpsilon), y.shape), scale)
    }
  }
