import { kimiDeltaRule } from '@ttt-e2e/kernels/ops'
import { normalWeight, type MixerKind } from '@ttt-e2e/swa-transformer'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { deltaMixer, type DeltaLayerOptions } from '../delta-layer/mixer'
import { ratesOf } from '../recurrent-init'

export interface KdaOptions extends DeltaLayerOptions {
  /**
   * The least logarithm of a decay, below 0: decays are then e^(bound · sigmoid(rate · step)). Not bounded where left out:
   * e^(−rate · softplus(step)).
   */
  lowerBound?: number
}

/**
 * Kimi Delta Attention (Kimi Linear, arXiv 2510.26692, section 3): decays of each value head's channels, one rate of
 * writing per value head, an output gate that is a sigmoid.
 */
export const kdaMixer = (options: KdaOptions = {}): MixerKind => {
  const { lowerBound, negativeEigenvalues = false } = options
  return deltaMixer(
    {
      name: 'KDA',
      drawn: { linear: normalWeight, convolution: normalWeight },
      outputGate: 'sigmoid',
      decayHeads: ({ valueHeads }) => valueHeads,
      ...(lowerBound === undefined && { firstRates: [1, 16] as const }),
      logDecays: (steps: Tensor, logRate: Tensor) =>
        lowerBound === undefined
          ? tf.mul(tf.softplus(steps), tf.neg(ratesOf(logRate)))
          : tf.mul(tf.sigmoid(tf.mul(steps, ratesOf(logRate))), lowerBound),
      gateWidths: ({ valueHeads }) => ({ write: valueHeads }),
      rule(tokens, { write }, state) {
        const rates = tf.sigmoid(write)
        return kimiDeltaRule({ ...tokens, beta: negativeEigenvalues ? tf.mul(rates, 2) : rates, state })
      },
    },
    options,
  )
}
