import { expect, it } from 'vitest'
import { frequencyOf, rampOf, type RopeScaling } from './scaling'

/** By an own script after `_compute_yarn_parameters` and `_compute_llama3_parameters` of transformers 5.24. */
const cases: [RopeScaling, theta: number, wanted: number[]][] = [
  [
    {
      type: 'yarn',
      factor: 4,
      originalLength: 4096,
      betaFast: 32,
      betaSlow: 1,
      attentionFactor: 1,
      truncate: true,
    },
    10_000,
    [
      1.0, 0.31622776601683794, 0.1, 0.02569350598886808, 0.00625, 0.0013834964763236657, 0.00025,
      7.905694150420948e-5,
    ],
  ],
  [
    {
      type: 'yarn',
      factor: 8,
      originalLength: 512,
      betaFast: 32,
      betaSlow: 1,
      attentionFactor: 1,
      truncate: false,
    },
    1e6,
    [1.0, 0.14225970581436245, 0.011510123131155755, 0.0007029266564879364, 0.000125, 2.2228492625486534e-5, 3.952847075210474e-6, 7.029266564879364e-7], // prettier-ignore
  ],
  [
    { type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalLength: 8192 },
    500_000,
    [1.0, 0.19392274474868576, 0.03760603093086393, 0.007292664737217109, 0.0005248461609929547, 3.428102195952591e-5, 6.647869871181235e-6, 1.2891731721515574e-6], // prettier-ignore
  ],
  [{ type: 'linear', factor: 4 }, 10_000, Array.from({ length: 8 }, (_, i) => 10_000 ** (-i / 8) / 4)],
]

it.each(cases)('scales frequencies by %j', (scaling, theta, wanted) => {
  const width = 2 * wanted.length
  const ramp = rampOf(scaling, { theta, width })
  wanted.forEach((frequency, pair) =>
    expect(Math.abs(frequencyOf(theta, width, pair, ramp) / frequency - 1)).toBeLessThan(1e-12),
  )
})
