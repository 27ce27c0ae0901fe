import { gatedDeltaRule2 } from '@ttt-e2e/kernels/ops'
import { uniformWeight, type MixerKind } from '@ttt-e2e/swa-transformer'
import { tf, type Random, type Tensor } from '@ttt-e2e/tensor-ops'
import { deltaMixer, type DeltaLayerOptions } from '../delta-layer/mixer'
import { ratesOf } from '../recurrent-init'

export type Gdn2Options = DeltaLayerOptions

/** Uniform by Xavier's rule with a gain of 2^−2.5. */
const xavierWeight = (random: Random, [inputs, outputs]: number[]): Tensor =>
  uniformWeight(random, [inputs, outputs], 2 ** -2.5 * Math.sqrt(6 / (inputs + outputs)))

/** Uniform in ±1/√taps, as PyTorch draws a convolution. */
const convolutionWeight = (random: Random, [channels, taps]: number[]): Tensor =>
  uniformWeight(random, [channels, taps], 1 / Math.sqrt(taps))

/**
 * Gated DeltaNet-2 (arXiv 2605.22791): decays of each key head's channels, a gate for each channel of the keys that says
 * what is erased and one for each channel of the values that says what is written, an output gate with silu.
 */
export const gdn2Mixer = (options: Gdn2Options = {}): MixerKind => {
  const { negativeEigenvalues = false } = options
  return deltaMixer(
    {
      name: 'Gated DeltaNet-2',
      drawn: { linear: xavierWeight, convolution: convolutionWeight },
      outputGate: 'silu',
      decayHeads: ({ keyHeads }) => keyHeads,
      firstRates: [1, 16],
      logDecays: (steps, logRate) => tf.mul(tf.softplus(steps), tf.neg(ratesOf(logRate))),
      gateWidths: ({ keyHeads, keyWidth, valueHeads, valueWidth }) => ({
        erase: keyHeads * keyWidth,
        write: valueHeads * valueWidth,
      }),
      rule(tokens, gates, state) {
        const erase = tf.reshape(tf.sigmoid(gates.erase), tokens.k.shape)
        const write = tf.reshape(tf.sigmoid(gates.write), tokens.v.shape)
        return gatedDeltaRule2({
          ...tokens,
          erase: negativeEigenvalues ? tf.mul(erase, 2) : erase,
          write,
          state,
        })
      },
    },
    options,
  )
}
