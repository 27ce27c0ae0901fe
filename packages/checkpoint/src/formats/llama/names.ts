import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import {
  architectureOf,
  linearWeight,
  swigluWeights,
  type ModelFamily,
  type Source,
} from '../published-model'

/** The keys of Hugging Face's Llama, Mistral and Qwen3 configurations that say how a model computes. */
interface LlamaConfig {
  vocab_size: number
  hidden_size: number
  intermediate_size: number
  num_hidden_layers: number
  num_attention_heads: number
  num_key_value_heads?: number
  head_dim?: number
  rms_norm_eps: number
  tie_word_embeddings: boolean
  rope_parameters: { rope_theta: number }
  sliding_window?: number | null
  use_sliding_window?: boolean
  layer_types?: ('sliding_attention' | 'full_attention')[]
}

/** Hugging Face's Llama, Mistral (every layer in a window) and Qwen3 (QK norm, windows by layer). */
export const llama: ModelFamily = {
  firstLayerHas: 'self_attn.q_proj.weight',
  read(raw) {
    const config = raw as unknown as LlamaConfig
    const heads = config.num_attention_heads
    const keyHeads = config.num_key_value_heads ?? heads
    const headWidth = config.head_dim ?? config.hidden_size / heads
    // Of the three only Qwen3 says whether windows are used, and normalises queries and keys.
    const qkNorm = config.use_sliding_window !== undefined
    const windowed = config.use_sliding_window !== false
    const windowOf = (layer: number): number =>
      windowed && config.layer_types?.[layer] !== 'full_attention' ? (config.sliding_window ?? 0) : 0
    const mixers = Array.from({ length: config.num_hidden_layers }, (_, layer) => ({
      name: 'attention',
      options: { window: windowOf(layer), qkNorm, keyHeads, headWidth },
    }))
    return {
      architecture: architectureOf({
        system: 'llama',
        vocabularySize: config.vocab_size,
        hiddenSize: config.hidden_size,
        heads,
        intermediateSize: config.intermediate_size,
        layers: mixers.length,
        mixers,
        ropeBase: config.rope_parameters.rope_theta,
        normEpsilon: config.rms_norm_eps,
        untiedHead: !config.tie_word_embeddings,
      }),
      model: llamaModel,
      layers: 'model.layers',
      block: llamaBlock(headWidth),
    }
  },
}

/** What is named alike in all models of Llama's kind: outside of the layers, and in each. */
export const llamaModel: Record<string, Source> = {
  embedding: 'model.embed_tokens.weight',
  finalNorm: 'model.norm.weight',
  head: 'lm_head.weight',
}
export const llamaBlock = (headWidth: number): Record<string, Source> => ({
  'mixing.norms.norm': 'input_layernorm.weight',
  ...attentionWeights('self_attn', headWidth),
  'feedForward.norms.norm': 'post_attention_layernorm.weight',
  ...swigluWeights('mlp.gate_proj.weight', 'mlp.up_proj.weight', 'mlp.down_proj.weight'),
})

/** Attention with Hugging Face's rotation, which stands under `at` in a layer. */
export const attentionWeights = (at: string, headWidth: number): Record<string, Source> => ({
  'mixing.mixer.wq': rotated(`${at}.q_proj.weight`, headWidth),
  'mixing.mixer.wk': rotated(`${at}.k_proj.weight`, headWidth),
  'mixing.mixer.wv': linearWeight(`${at}.v_proj.weight`),
  'mixing.mixer.wo': linearWeight(`${at}.o_proj.weight`),
  'mixing.mixer.qNorm': [`${at}.q_norm.weight`, (scale) => pairHalves(scale, headWidth)],
  'mixing.mixer.kNorm': [`${at}.k_norm.weight`, (scale) => pairHalves(scale, headWidth)],
})

/** A linear layer whose outputs RoPE turns: Hugging Face pairs channel i of a head with i + d/2, we pair 2i with 2i + 1. */
const rotated = (name: string, headWidth: number): Source => [
  name,
  (weight) => tf.transpose(pairHalves(weight, headWidth)),
]

/** Reorders the rows [H·d, …] of each head of width d from halves to pairs. */
function pairHalves(rows: Tensor, headWidth: number): Tensor {
  const rest = rows.size / rows.shape[0]
  const halves = tf.reshape(rows, [rows.shape[0] / headWidth, 2, headWidth / 2, rest])
  return tf.reshape(tf.transpose(halves, [0, 2, 1, 3]), rows.shape)
}
