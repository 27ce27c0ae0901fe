import type { Gdn2Options, KdaOptions } from '@ttt-e2e/baselines'
import { attentionOf, modelOf, type LayeredConfig } from '../layered-config'
import { attentionNames } from '../llama/layer-names'
import {
  architectureOf,
  convolution,
  linearWeight,
  swigluWeights,
  type ModelFamily,
  type PublishedModel,
  type Source,
  flashLinearAttentionModel,
} from '../published-model'

/** The keys of flash-linear-attention's KDA and GDN-2 configurations that say how a model computes. */
interface DeltaLayerConfig extends LayeredConfig {
  num_heads: number
  num_v_heads: number | null
  head_dim: number
  expand_v: number
  conv_size: number
  norm_eps: number
  allow_neg_eigval: boolean
  /** Of KDA: the least logarithm of a decay. */
  lower_bound?: number | null
  /** Of GDN-2. */
  output_gate?: 'silu' | 'sigmoid'
}

/** Kimi Delta Attention, alone or with layers of attention. */
export const kda: ModelFamily = {
  firstLayerHas: 'attn.f_proj.0.weight',
  read(raw) {
    const config = raw as unknown as DeltaLayerConfig
    const options: KdaOptions = {
      ...optionsOf(config),
      ...(typeof config.lower_bound === 'number' && { lowerBound: config.lower_bound }),
    }
    return modelWith(config, 'kda', options, {
      'mixing.mixer.gates.write': linearWeight('attn.b_proj.weight'),
    })
  },
}

/** Gated DeltaNet-2, alone or with layers of attention. */
export const gdn2: ModelFamily = {
  firstLayerHas: 'attn.w_proj.weight',
  read(raw) {
    const config = raw as unknown as DeltaLayerConfig
    const options: Gdn2Options = { ...optionsOf(config), outputGate: config.output_gate ?? 'silu' }
    return modelWith(config, 'gdn2', options, {
      'mixing.mixer.gates.erase': linearWeight('attn.b_proj.weight'),
      'mixing.mixer.gates.write': linearWeight('attn.w_proj.weight'),
    })
  },
}

const optionsOf = (config: DeltaLayerConfig) => ({
  keyHeads: config.num_heads,
  keyWidth: config.head_dim,
  valueHeads: config.num_v_heads ?? config.num_heads,
  valueWidth: config.head_dim * config.expand_v,
  taps: config.conv_size,
  negativeEigenvalues: config.allow_neg_eigval,
  normEpsilon: config.norm_eps,
})

function modelWith(
  config: DeltaLayerConfig,
  name: string,
  options: object,
  gates: Record<string, Source>,
): PublishedModel {
  const around: Record<string, Source> = {
    'mixing.norms.norm': 'attn_norm.weight',
    'feedForward.norms.norm': 'mlp_norm.weight',
    ...swigluWeights('mlp.gate_proj.weight', 'mlp.up_proj.weight', 'mlp.down_proj.weight'),
  }
  const attention = { ...around, ...attentionNames('attn', config.attn_head_dim ?? 0) }
  const mixer = { ...around, ...mixerWeights, ...gates }
  return {
    architecture: architectureOf({
      ...modelOf(config),
      system: name,
      mixers: config.layers.map((kind, layer) =>
        kind === 'attention' ? attentionOf(config, layer) : { name, options },
      ),
    }),
    model: flashLinearAttentionModel,
    layers: 'model.layers',
    block: config.layers.map((kind) => (kind === 'attention' ? attention : mixer)),
  }
}

const mixerWeights: Record<string, Source> = {
  'mixing.mixer.wq': linearWeight('attn.q_proj.weight'),
  'mixing.mixer.wk': linearWeight('attn.k_proj.weight'),
  'mixing.mixer.wv': linearWeight('attn.v_proj.weight'),
  'mixing.mixer.wo': linearWeight('attn.o_proj.weight'),
  'mixing.mixer.qConv': convolution('attn.q_conv1d.weight'),
  'mixing.mixer.kConv': convolution('attn.k_conv1d.weight'),
  'mixing.mixer.vConv': convolution('attn.v_conv1d.weight'),
  'mixing.mixer.wStepIn': linearWeight('attn.f_proj.0.weight'),
  'mixing.mixer.wStepOut': linearWeight('attn.f_proj.1.weight'),
  'mixing.mixer.stepBias': 'attn.dt_bias',
  'mixing.mixer.logRate': 'attn.A_log',
  'mixing.mixer.wGateIn': linearWeight('attn.g_proj.0.weight'),
  'mixing.mixer.wGateOut': linearWeight('attn.g_proj.1.weight'),
  'mixing.mixer.gateBias': 'attn.g_proj.1.bias',
  'mixing.mixer.norm': 'attn.o_norm.weight',
}
