import { architectureOf, linearWeight, type ModelFamily } from '../published-model'

interface E2eRecipeConfig {
  vocab_size: number
  hidden_size: number
  intermediate_size: number
  num_attention_heads: number
  rms_norm_eps: number
  rope_theta: number
  tie_word_embeddings: boolean
  /** Each layer's window; null for none. */
  windows: (number | null)[]
}

/** The paper's own recipe without prime MLPs, windows by layer: sandwich norms, QK norm, adjacent-pair RoPE. */
export const e2eRecipe: ModelFamily = {
  firstLayerHas: 'seq_post_norm.weight',
  read(raw) {
    const config = raw as unknown as E2eRecipeConfig
    return {
      architecture: architectureOf({
        system: 'e2e-recipe',
        vocabularySize: config.vocab_size,
        hiddenSize: config.hidden_size,
        heads: config.num_attention_heads,
        intermediateSize: config.intermediate_size,
        layers: config.windows.length,
        mixers: config.windows.map((window) => ({ name: 'attention', options: { window: window ?? 0 } })),
        postNorms: true,
        ropeBase: config.rope_theta,
        normEpsilon: config.rms_norm_eps,
        untiedHead: !config.tie_word_embeddings,
      }),
      model: { embedding: 'embedding.weight', finalNorm: 'ln_f.weight', head: 'lm_head.weight' },
      layers: 'blocks',
      block: {
        'mixing.norms.norm': 'seq_norm.weight',
        'mixing.norms.postNorm': 'seq_post_norm.weight',
        'mixing.mixer.wq': linearWeight('wq.weight'),
        'mixing.mixer.wk': linearWeight('wk.weight'),
        'mixing.mixer.wv': linearWeight('wv.weight'),
        'mixing.mixer.wo': linearWeight('wo.weight'),
        'mixing.mixer.qNorm': 'q_norm.weight',
        'mixing.mixer.kNorm': 'k_norm.weight',
        'feedForward.norms.norm': 'ffn_norm.weight',
        'feedForward.norms.postNorm': 'ffn_post_norm.weight',
        'feedForward.mlp.w1': linearWeight('w1.weight'),
        'feedForward.mlp.w3': linearWeight('w3.weight'),
        'feedForward.mlp.w2': linearWeight('w2.weight'),
      },
    }
  },
}
