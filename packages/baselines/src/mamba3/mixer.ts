import { linear, mamba3, rmsNorm, swiglu, type Mamba3State } from '@ttt-e2e/kernels/ops'
import { uniformWeight, SizeError, type MixerKind, type SequenceMixer } from '@ttt-e2e/swa-transformer'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { initStepBias } from '../recurrent-init'
import { decayRate, type DecayActivation } from './decay-rate'

/** With E the inner width, H heads of width P = E/H, states of width N, G groups, R ranks and S angles. */
export type Mamba3Params = {
  /** [D, 2E + 2 R G N + 3H + S], used as x · w: columns of the gate z, of x, B, C, dt, a, trap and θ. */
  inProj: Tensor
  /** [H], added to the steps before softplus. */
  stepBias: Tensor
  /** RMSNorm scales of B and C [N], and what is added to them afterwards [H, R, N]. */
  bNorm: Tensor
  cNorm: Tensor
  bBias: Tensor
  cBias: Tensor
  /** [H], the share D of a token's own value in its output. */
  skip: Tensor
  /** RMSNorm scale [E] of each head before the gate; only where there is such a norm. */
  norm?: Tensor
  /** [H, R, P] each, of MIMO only: what makes R values of x, R gates of z, and one output of R. */
  valueScale?: Tensor
  gateScale?: Tensor
  outputScale?: Tensor
  /** [E, D], used as x · w. */
  outProj: Tensor
}

export interface Mamba3Options {
  /** E; twice the hidden size where left out. */
  innerWidth?: number
  /** P; 64 where left out. */
  headWidth?: number
  /** N, a multiple of 4; 128 where left out. */
  stateWidth?: number
  /** G, groups of heads that share B and C; 1 where left out. */
  groups?: number
  /** R: the layer is MIMO of so many ranks; SISO where left out. */
  ranks?: number
  /** The share of a key's channels that turns; 0.5 where left out. */
  ropeFraction?: 0.5 | 1
  /** 'heavy-tail' where left out. */
  decay?: DecayActivation
  /** The least rate of decay; 1e-4 where left out. */
  leastRate?: number
  /** Whether each head is normalised before the gate; false where left out. */
  gateNorm?: boolean
}

/** Of the norms of B, C and the heads. */
const epsilon = 1e-5

/**
 * The Mamba 3 layer (arXiv 2603.15569, the official code's order of things): no convolution; steps of a trapezoid, keys
 * and queries that data turns, and with MIMO several keys, values and queries per token on one state.
 */
export const mamba3Mixer =
  (options: Mamba3Options = {}): MixerKind =>
  ({ hiddenSize }) => {
    const { innerWidth = 2 * hiddenSize, headWidth = 64, stateWidth = 128, groups = 1 } = options
    const { ropeFraction = 0.5, decay = 'heavy-tail', leastRate = 1e-4, gateNorm = false } = options
    const mimo = options.ranks !== undefined
    const ranks = options.ranks ?? 1
    const heads = innerWidth / headWidth
    if (!Number.isInteger(heads))
      throw new SizeError(`the inner width ${innerWidth} must be a multiple of the head width ${headWidth}`)
    if (heads % groups !== 0) throw new SizeError(`${groups} groups can't be shared evenly by ${heads} heads`)
    if (stateWidth % 4 !== 0) throw new SizeError(`the state width ${stateWidth} must be a multiple of 4`)
    const angles = Math.floor(stateWidth * ropeFraction) / 2
    const sharedWidth = ranks * groups * stateWidth
    const parts = [innerWidth, innerWidth, sharedWidth, sharedWidth, heads, heads, heads, angles]
    const inWidth = parts.reduce((sum, part) => sum + part)
    const perRank = heads * ranks * headWidth
    const ofRanks = [heads, ranks, headWidth]

    const mixer: SequenceMixer<Mamba3Params> = {
      name: mimo ? `Mamba 3, MIMO of rank ${ranks}` : 'Mamba 3',
      init: (random) => ({
        inProj: uniformWeight(random, [hiddenSize, inWidth], 1 / Math.sqrt(hiddenSize)),
        stepBias: initStepBias(random, heads),
        bNorm: tf.ones([stateWidth]),
        cNorm: tf.ones([stateWidth]),
        bBias: tf.ones([heads, ranks, stateWidth]),
        cBias: tf.ones([heads, ranks, stateWidth]),
        skip: tf.ones([heads]),
        ...(gateNorm && { norm: tf.ones([innerWidth]) }),
        ...(mimo && {
          valueScale: tf.fill(ofRanks, 1 / ranks),
          gateScale: tf.ones(ofRanks),
          outputScale: tf.fill(ofRanks, 1 / ranks),
        }),
        outProj: uniformWeight(random, [innerWidth, hiddenSize], 1 / Math.sqrt(innerWidth)),
      }),
      start: (_, batch) => ({
        angle: tf.zeros([batch, heads, angles]),
        scan: tf.zeros([batch, heads, headWidth, stateWidth]),
        key: tf.zeros([batch, ranks, heads, stateWidth]),
        x: tf.zeros([batch, heads, headWidth]),
      }),
      read(params, x, state) {
        const [batch, length] = x.shape
        const [gate, values, B, C, rawSteps, rates, trap, theta] = tf.split(
          linear(x, params.inProj),
          parts,
          2,
        )
        const normed = (y: Tensor, scale: Tensor) =>
          rmsNorm(tf.reshape(y, [batch, length, ranks, groups, stateWidth]), scale, epsilon)
        const scanned = mamba3(
          {
            x: tf.reshape(values, [batch, length, heads, headWidth]),
            B: normed(B, params.bNorm),
            C: normed(C, params.cNorm),
            a: tf.neg(tf.maximum(decayRate(rates, decay), leastRate)),
            dt: tf.softplus(tf.add(rawSteps, params.stepBias)),
            trap,
            theta,
            bBias: params.bBias,
            cBias: params.cBias,
            D: params.skip,
            valueScale: params.valueScale,
          },
          state as Mamba3State,
          { halves: mimo },
        )
        return { y: linear(gated(params, scanned.y, gate), params.outProj), state: scanned.state }
      },
      undecayed: ['stepBias', 'skip'],
      parameterCount:
        hiddenSize * (inWidth + innerWidth) +
        2 * heads +
        2 * stateWidth * (1 + heads * ranks) +
        (gateNorm ? innerWidth : 0) +
        (mimo ? 3 * perRank : 0),
      stateBytes: () =>
        4 * (innerWidth * stateWidth + ranks * heads * stateWidth + innerWidth + heads * angles),
      // A token is written twice, its own share and that of the step after it, and read once.
      flops: () =>
        2 * hiddenSize * (inWidth + innerWidth) +
        ranks * (6 * innerWidth * stateWidth + 8 * heads * angles) +
        (mimo ? 6 * perRank : 0),
    }
    return mixer

    /** @param y [B, T, R, H, P] @param z the gate [B, T, E] @returns [B, T, E] */
    function gated({ norm, gateScale, outputScale }: Mamba3Params, y: Tensor, z: Tensor): Tensor {
      const [batch, length] = y.shape
      const normed = norm
        ? tf.mul(rmsNorm(y, tf.ones([headWidth]), epsilon), tf.reshape(norm, [heads, headWidth]))
        : y
      if (!gateScale) return swiglu(z, tf.reshape(normed, [batch, length!, innerWidth]))
      const byRank = (scale: Tensor) => tf.transpose(scale, [1, 0, 2])
      const gates = tf.mul(tf.reshape(z, [batch, length!, 1, heads, headWidth]), byRank(gateScale))
      const outputs = tf.mul(swiglu(gates, normed), byRank(outputScale!))
      return tf.reshape(tf.sum(outputs, 2), [batch, length!, innerWidth])
    }
  }
