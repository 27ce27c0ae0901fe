import type { MesanetOptions } from '@ttt-e2e/baselines'
import { tf } from '@ttt-e2e/tensor-ops'
import { modelOf, type LayeredConfig } from '../layered-config'
import {
  architectureOf,
  convolution,
  linearWeight,
  swigluWeights,
  type ModelFamily,
  flashLinearAttentionModel,
} from '../published-model'

/** The keys of flash-linear-attention's MesaNet configuration that say how a model computes. */
interface MesanetConfig extends LayeredConfig {
  num_heads: number
  head_dim: number
  conv_size: number
  norm_eps: number
  lambda_lower_bound: number
  use_output_gate: boolean
}

/** MesaNet: norms before each sublayer only, a SwiGLU in every block. */
export const mesanet: ModelFamily = {
  firstLayerHas: 'attn.lambda_params',
  read(raw) {
    const config = raw as unknown as MesanetConfig
    const { num_heads: heads, head_dim: headWidth } = config
    const options: MesanetOptions = {
      heads,
      headWidth,
      taps: config.conv_size,
      leastLambda: config.lambda_lower_bound,
      outputGate: config.use_output_gate,
    }
    return {
      architecture: architectureOf({
        ...modelOf(config),
        system: 'mesanet',
        mixers: [{ name: 'mesanet', options }],
      }),
      model: flashLinearAttentionModel,
      layers: 'model.layers',
      block: {
        'mixing.norms.norm': 'attn_norm.weight',
        'mixing.mixer.wq': linearWeight('attn.q_proj.weight'),
        'mixing.mixer.wk': linearWeight('attn.k_proj.weight'),
        'mixing.mixer.wv': linearWeight('attn.v_proj.weight'),
        'mixing.mixer.qConv': convolution('attn.q_conv1d.weight'),
        'mixing.mixer.kConv': convolution('attn.k_conv1d.weight'),
        'mixing.mixer.wKeep': linearWeight('attn.a_proj.weight'),
        'mixing.mixer.keepBias': 'attn.a_proj.bias',
        'mixing.mixer.wCount': linearWeight('attn.b_proj.weight'),
        'mixing.mixer.countBias': 'attn.b_proj.bias',
        'mixing.mixer.lambda': ['attn.lambda_params', (each) => tf.reshape(each, [heads, headWidth])],
        'mixing.mixer.norm': 'attn.o_norm.weight',
        'mixing.mixer.wGate': linearWeight('attn.g_proj.weight'),
        'mixing.mixer.wo': linearWeight('attn.o_proj.weight'),
        'feedForward.norms.norm': 'mlp_norm.weight',
        ...swigluWeights('mlp.gate_proj.weight', 'mlp.up_proj.weight', 'mlp.down_proj.weight'),
      },
    }
  },
}
