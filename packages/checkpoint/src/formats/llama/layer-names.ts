import { linearWeight, swigluWeights, type Source } from '../published-model'
import { pairHalves, rotated } from './model'

/** What is named alike outside of the layers in all models of Llama's kind. */
export const modelNames: Record<string, Source> = {
  embedding: 'model.embed_tokens.weight',
  finalNorm: 'model.norm.weight',
  head: 'lm_head.weight',
}

/** And in each of their layers. */
export const layerNames = (headWidth: number): Record<string, Source> => ({
  'mixing.norms.norm': 'input_layernorm.weight',
  ...attentionNames('self_attn', headWidth),
  'feedForward.norms.norm': 'post_attention_layernorm.weight',
  ...swigluWeights('mlp.gate_proj.weight', 'mlp.up_proj.weight', 'mlp.down_proj.weight'),
})

/** Attention with Hugging Face's rotation, which stands under `at` in a layer. */
export const attentionNames = (at: string, headWidth: number): Record<string, Source> => ({
  'mixing.mixer.wq': rotated(`${at}.q_proj.weight`, headWidth),
  'mixing.mixer.wk': rotated(`${at}.k_proj.weight`, headWidth),
  'mixing.mixer.wv': linearWeight(`${at}.v_proj.weight`),
  'mixing.mixer.wo': linearWeight(`${at}.o_proj.weight`),
  'mixing.mixer.qNorm': [`${at}.q_norm.weight`, (scale) => pairHalves(scale, headWidth)],
  'mixing.mixer.kNorm': [`${at}.k_norm.weight`, (scale) => pairHalves(scale, headWidth)],
})
