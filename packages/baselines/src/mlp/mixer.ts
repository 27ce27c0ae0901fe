import { linear, swiglu } from '@ttt-e2e/kernels/ops'
import { normalWeight, type MixerKind, type MlpWeights, type SequenceMixer } from '@ttt-e2e/swa-transformer'

/**
 * A SwiGLU in the mixer's place, for blocks that are one sublayer each: it looks at no other token and remembers nothing.
 * Its hidden width is `width`.
 */
export const mlpMixer =
  ({ width }: { width: number }): MixerKind =>
  ({ hiddenSize }) => {
    const mixer: SequenceMixer<MlpWeights> = {
      name: 'MLP',
      init: (random) => ({
        w1: normalWeight(random, [hiddenSize, width]),
        w3: normalWeight(random, [hiddenSize, width]),
        w2: normalWeight(random, [width, hiddenSize]),
      }),
      start: () => ({}),
      read: ({ w1, w3, w2 }, x, state) => ({ y: linear(swiglu(linear(x, w1), linear(x, w3)), w2), state }),
      parameterCount: 3 * hiddenSize * width,
      stateBytes: () => 0,
      flops: () => 6 * hiddenSize * width,
    }
    return mixer
  }
