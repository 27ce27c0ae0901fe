import type { ModelFamily } from '../published-model'
import { llamaConfig } from './config'
import { llamaModel, type LlamaNames } from './model'

export const huggingFaceNames: LlamaNames = {
  embedding: 'model.embed_tokens',
  finalNorm: 'model.norm',
  head: 'lm_head',
  layers: 'model.layers',
  norm: 'input_layernorm',
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  o: 'self_attn.o_proj',
  qNorm: 'self_attn.q_norm',
  kNorm: 'self_attn.k_norm',
  feedForwardNorm: 'post_attention_layernorm',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
}

/** Hugging Face's Llama, Mistral (every layer in a window), Qwen2 (biases) and Qwen3 (QK norm, windows by layer). */
export const llama: ModelFamily = {
  firstLayerHas: 'self_attn.q_proj.weight',
  read: (config) => llamaModel(llamaConfig.parse(config), huggingFaceNames, 'halves'),
}
