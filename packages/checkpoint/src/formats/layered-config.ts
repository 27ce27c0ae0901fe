import type { MixerRecord } from '@ttt-e2e/swa-transformer'

/** The keys of a configuration that names the mixer of each layer, as models of mixed layers have it. */
export interface LayeredConfig {
  vocab_size: number
  hidden_size: number
  /** Null for layers without an MLP. */
  intermediate_size: number | null
  model_norm_eps: number
  layers: readonly string[]
  /** Of attention: how many tokens each layer sees, 0 for all before. */
  windows?: readonly number[]
  /** Of attention: null for none, so that order is for the other layers to tell. */
  rope_theta?: number | null
  attn_heads?: number
  attn_kv_heads?: number
  attn_head_dim?: number
  sinks?: boolean
}

/** The attention of a layer. */
export function attentionOf(config: LayeredConfig, layer: number): MixerRecord {
  const options = {
    window: config.windows?.[layer] ?? 0,
    qkNorm: false,
    keyHeads: config.attn_kv_heads,
    headWidth: config.attn_head_dim,
    sinks: config.sinks ?? false,
    rope: config.rope_theta !== null,
  }
  return { name: 'attention', options }
}

/** What the configuration says of the model as a whole; heads are those of attention, where it has any. */
export const modelOf = (config: LayeredConfig) => ({
  vocabularySize: config.vocab_size,
  hiddenSize: config.hidden_size,
  heads: config.attn_heads ?? 1,
  intermediateSize: config.intermediate_size ?? 0,
  layers: config.layers.length,
  ropeBase: config.rope_theta ?? 10_000,
  normEpsilon: config.model_norm_eps,
  untiedHead: true,
})
