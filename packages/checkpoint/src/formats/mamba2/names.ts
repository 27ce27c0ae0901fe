import type { Mamba2Options } from '@ttt-e2e/baselines'
import { architectureOf, convolution, linearWeight, type ModelFamily } from '../published-model'

/** The keys of Hugging Face's Mamba 2 configuration that say how a model computes. */
interface Mamba2Config {
  vocab_size: number
  hidden_size: number
  num_hidden_layers: number
  num_heads: number
  head_dim: number
  state_size: number
  n_groups: number
  conv_kernel: number
  layer_norm_epsilon: number
  tie_word_embeddings: boolean
  time_step_limit?: [number, number]
}

/** Mamba 2, pure: no MLPs, norms before each layer only. */
export const mamba2: ModelFamily = {
  firstLayerHas: 'mixer.A_log',
  read(raw) {
    const config = raw as unknown as Mamba2Config
    const options: Mamba2Options = {
      innerWidth: config.num_heads * config.head_dim,
      headWidth: config.head_dim,
      stateWidth: config.state_size,
      groups: config.n_groups,
      taps: config.conv_kernel,
      ...(config.time_step_limit && { stepLimit: config.time_step_limit }),
    }
    return {
      architecture: architectureOf({
        system: 'mamba2',
        vocabularySize: config.vocab_size,
        hiddenSize: config.hidden_size,
        heads: config.num_heads,
        intermediateSize: 0,
        layers: config.num_hidden_layers,
        mixers: [{ name: 'mamba2', options }],
        ropeBase: 10_000,
        normEpsilon: config.layer_norm_epsilon,
        untiedHead: !config.tie_word_embeddings,
      }),
      model: {
        embedding: 'backbone.embeddings.weight',
        finalNorm: 'backbone.norm_f.weight',
        head: 'lm_head.weight',
      },
      layers: 'backbone.layers',
      block: {
        'mixing.norms.norm': 'norm.weight',
        'mixing.mixer.inProj': linearWeight('mixer.in_proj.weight'),
        'mixing.mixer.convWeight': convolution('mixer.conv1d.weight'),
        'mixing.mixer.convBias': 'mixer.conv1d.bias',
        'mixing.mixer.stepBias': 'mixer.dt_bias',
        'mixing.mixer.logRate': 'mixer.A_log',
        'mixing.mixer.skip': 'mixer.D',
        'mixing.mixer.norm': 'mixer.norm.weight',
        'mixing.mixer.outProj': linearWeight('mixer.out_proj.weight'),
      },
    }
  },
}
