import type { TttOptions } from '@ttt-e2e/baselines'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import {
  architectureOf,
  convolution,
  linearWeight,
  swigluWeights,
  type ModelFamily,
  type Source,
} from '../published-model'

/** The keys of the TTT layers' published configurations that say how a model computes. */
interface TttConfig {
  vocab_size: number
  hidden_size: number
  intermediate_size: number
  num_hidden_layers: number
  num_attention_heads: number
  mini_batch_size: number
  rope_theta: number
  rms_norm_eps: number
  ttt_layer_type: 'linear' | 'mlp'
  ttt_base_lr: number
  pre_conv: boolean
  use_gate: boolean
  share_qk: boolean
  conv_kernel: number
  tie_word_embeddings: boolean
}

/** TTT-Linear and TTT-MLP with either backbone. */
export const ttt: ModelFamily = {
  firstLayerHas: 'seq_modeling_block.learnable_token_idx',
  read(raw) {
    const config = raw as unknown as TttConfig
    const options: TttOptions = {
      miniBatch: config.mini_batch_size,
      baseRate: config.ttt_base_lr,
      shareQk: config.share_qk,
      gate: config.use_gate,
      taps: config.conv_kernel,
      ropeTheta: config.rope_theta,
    }
    const of = (name: string) => `seq_modeling_block.${name}`
    const conv = (name: string): Record<string, Source> => ({
      weight: convolution(`${name}.weight`),
      bias: `${name}.bias`,
    })
    const inner = ['1', '2'].flatMap((layer) => [
      [`mixing.mixer.inner.w${layer}`, of(`W${layer}`)],
      [`mixing.mixer.inner.b${layer}`, [of(`b${layer}`), (bias: Tensor) => tf.squeeze(bias, [1])]],
    ])
    return {
      architecture: architectureOf({
        system: 'ttt',
        vocabularySize: config.vocab_size,
        hiddenSize: config.hidden_size,
        heads: config.num_attention_heads,
        intermediateSize: config.intermediate_size,
        layers: config.num_hidden_layers,
        mixers: [{ name: `ttt-${config.ttt_layer_type}`, options }],
        ropeBase: config.rope_theta,
        normEpsilon: config.rms_norm_eps,
        preConv: config.pre_conv ? config.conv_kernel : 0,
        untiedHead: !config.tie_word_embeddings,
      }),
      model: {
        embedding: 'model.embed_tokens.weight',
        finalNorm: 'model.norm.weight',
        head: 'lm_head.weight',
      },
      layers: 'model.layers',
      block: {
        'mixing.preConv.norms.norm': 'conv.norm.weight',
        'mixing.preConv.weight': conv('conv.conv').weight,
        'mixing.preConv.bias': conv('conv.conv').bias,
        'mixing.norms.norm': 'seq_norm.weight',
        'mixing.mixer.wq': linearWeight(of('q_proj.weight')),
        'mixing.mixer.wk': linearWeight(of('k_proj.weight')),
        'mixing.mixer.wv': linearWeight(of('v_proj.weight')),
        'mixing.mixer.wo': linearWeight(of('o_proj.weight')),
        'mixing.mixer.wg': linearWeight(of('g_proj.weight')),
        'mixing.mixer.convQ.weight': conv(of('conv_q')).weight,
        'mixing.mixer.convQ.bias': conv(of('conv_q')).bias,
        'mixing.mixer.convK.weight': conv(of('conv_k')).weight,
        'mixing.mixer.convK.bias': conv(of('conv_k')).bias,
        // [H, 1, D] and [H, 1]
        'mixing.mixer.rateWeight': [
          of('learnable_ttt_lr_weight'),
          (weight) => tf.transpose(tf.squeeze(weight, [1])),
        ],
        'mixing.mixer.rateBias': [of('learnable_ttt_lr_bias'), (bias) => tf.squeeze(bias, [1])],
        'mixing.mixer.factorShift': of('learnable_token_idx'),
        'mixing.mixer.norm.scale': of('ttt_norm_weight'),
        'mixing.mixer.norm.shift': of('ttt_norm_bias'),
        'mixing.mixer.postNorm.scale': of('post_norm.weight'),
        'mixing.mixer.postNorm.shift': of('post_norm.bias'),
        ...(Object.fromEntries(inner) as Record<string, Source>),
        'feedForward.norms.norm': 'ffn_norm.weight',
        ...swigluWeights('mlp.gate_proj.weight', 'mlp.up_proj.weight', 'mlp.down_proj.weight'),
      },
    }
  },
}
