import type { GatedDeltanetOptions } from '@ttt-e2e/baselines'
import {
  architectureOf,
  convolution,
  linearWeight,
  swigluWeights,
  type ModelFamily,
  flashLinearAttentionModel,
} from '../published-model'

/** The keys of flash-linear-attention's Gated DeltaNet configuration that say how a model computes. */
interface GatedDeltanetConfig {
  vocab_size: number
  hidden_size: number
  intermediate_size: number
  num_hidden_layers: number
  num_heads: number
  num_v_heads?: number
  head_dim: number
  expand_v: number
  conv_size: number
  norm_eps: number
  allow_neg_eigval: boolean
  tie_word_embeddings?: boolean
}

/** Gated DeltaNet: norms before each sublayer only, a SwiGLU in every block. */
export const gatedDeltanet: ModelFamily = {
  firstLayerHas: 'attn.A_log',
  read(raw) {
    const config = raw as unknown as GatedDeltanetConfig
    const options: GatedDeltanetOptions = {
      keyHeads: config.num_heads,
      keyWidth: config.head_dim,
      valueHeads: config.num_v_heads ?? config.num_heads,
      valueWidth: config.head_dim * config.expand_v,
      taps: config.conv_size,
      negativeEigenvalues: config.allow_neg_eigval,
    }
    return {
      architecture: architectureOf({
        system: 'gated-deltanet',
        vocabularySize: config.vocab_size,
        hiddenSize: config.hidden_size,
        heads: config.num_heads,
        intermediateSize: config.intermediate_size,
        layers: config.num_hidden_layers,
        mixers: [{ name: 'gated-deltanet', options }],
        ropeBase: 10_000,
        normEpsilon: config.norm_eps,
        untiedHead: !config.tie_word_embeddings,
      }),
      model: flashLinearAttentionModel,
      layers: 'model.layers',
      block: {
        'mixing.norms.norm': 'attn_norm.weight',
        'mixing.mixer.wq': linearWeight('attn.q_proj.weight'),
        'mixing.mixer.wk': linearWeight('attn.k_proj.weight'),
        'mixing.mixer.wv': linearWeight('attn.v_proj.weight'),
        'mixing.mixer.wGate': linearWeight('attn.g_proj.weight'),
        'mixing.mixer.wo': linearWeight('attn.o_proj.weight'),
        'mixing.mixer.wBeta': linearWeight('attn.b_proj.weight'),
        'mixing.mixer.wStep': linearWeight('attn.a_proj.weight'),
        'mixing.mixer.qConv': convolution('attn.q_conv1d.weight'),
        'mixing.mixer.kConv': convolution('attn.k_conv1d.weight'),
        'mixing.mixer.vConv': convolution('attn.v_conv1d.weight'),
        'mixing.mixer.stepBias': 'attn.dt_bias',
        'mixing.mixer.logRate': 'attn.A_log',
        'mixing.mixer.norm': 'attn.o_norm.weight',
        'feedForward.norms.norm': 'mlp_norm.weight',
        ...swigluWeights('mlp.gate_proj.weight', 'mlp.up_proj.weight', 'mlp.down_proj.weight'),
      },
    }
  },
}
