import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSystem } from '@ttt-e2e/baselines'
import { createTokenizer } from '@ttt-e2e/data'
import type { Architecture } from '@ttt-e2e/swa-transformer'
import { createRandom, decodeSafetensors, tf, treeMap, type PlainTensors } from '@ttt-e2e/tensor-ops'
import { Model } from '../model'
import { tinyMerges, tinyTokenizer, tinyVocabulary } from './tiny-tokenizer'
import type { GgufValue } from './write-gguf'

export const tinyLlama: Architecture = {
  system: 'llama',
  vocabularySize: tinyVocabulary.length,
  hiddenSize: 16,
  heads: 4,
  layers: 2,
  mixers: [{ name: 'attention', options: { window: 0, qkNorm: false, keyHeads: 2, headWidth: 4 } }],
  intermediateSize: 24,
  suffixBlocks: 0,
  rule: null,
  lossChunk: null,
  rope: { base: 10_000, scaling: null },
  normEpsilon: 2 ** -20,
  postNorms: false,
  preConv: 0,
  biases: false,
  untiedHead: false,
}

/** A model whose every parameter is drawn, norms and biases too. */
export async function tinyModel(architecture: Architecture = tinyLlama): Promise<Model> {
  const system = buildSystem(architecture)
  const random = createRandom(5)
  const params = treeMap(system.decoder.init(random), (leaf) => {
    const values = Float32Array.from({ length: leaf.size }, () => random.normal())
    const { shape } = leaf
    leaf.dispose()
    return tf.tensor(values, shape)
  })
  const tokenizer = await createTokenizer({
    name: 'hugging-face',
    options: {
      tokenizer: tinyTokenizer(),
      bosToken: tinyVocabulary.indexOf('<|start|>'),
      endTokens: [tinyVocabulary.indexOf('<|end|>')],
      chatTemplate: '{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}',
    },
  })
  return new Model({ system, params, tokenizer, hash: 'tiny', documentsBeginWithBos: true })
}

export const tinyMetadata = (architecture: 'llama' | 'qwen3'): Record<string, GgufValue> => ({
  'general.architecture': architecture,
  [`${architecture}.block_count`]: 2,
  [`${architecture}.embedding_length`]: 16,
  [`${architecture}.feed_forward_length`]: 24,
  [`${architecture}.attention.head_count`]: 4,
  [`${architecture}.attention.head_count_kv`]: 2,
  [`${architecture}.attention.key_length`]: 4,
  [`${architecture}.attention.layer_norm_rms_epsilon`]: 2 ** -20,
  [`${architecture}.rope.freq_base`]: 10_000,
  'tokenizer.ggml.model': 'gpt2',
  'tokenizer.ggml.pre': 'gpt-2',
  'tokenizer.ggml.tokens': tinyVocabulary,
  'tokenizer.ggml.token_type': tinyVocabulary.map((token) => (token.startsWith('<|') ? 3 : 1)),
  'tokenizer.ggml.merges': tinyMerges,
  'tokenizer.ggml.bos_token_id': tinyVocabulary.indexOf('<|start|>'),
  'tokenizer.ggml.eos_token_id': tinyVocabulary.indexOf('<|end|>'),
  'tokenizer.ggml.add_bos_token': true,
})

const ggufNames: [RegExp, string][] = [
  [/^model\.embed_tokens/, 'token_embd'],
  [/^model\.norm/, 'output_norm'],
  [/^lm_head/, 'output'],
  [/^model\.layers/, 'blk'],
  [/input_layernorm/, 'attn_norm'],
  [/post_attention_layernorm/, 'ffn_norm'],
  [/self_attn\.([qkv])_proj/, 'attn_$1'],
  [/self_attn\.o_proj/, 'attn_output'],
  [/self_attn\.([qk])_norm/, 'attn_$1_norm'],
  [/mlp\.(gate|up|down)_proj/, 'ffn_$1'],
]

/** The tensors of a folder of Hugging Face's as llama.cpp's converter names and, for a Llama, orders them. */
export function ggufTensors(folder: string, permuted: boolean): PlainTensors {
  const { tensors } = decodeSafetensors(readFileSync(join(folder, 'model.safetensors')))
  return Object.fromEntries(
    Object.entries(renamed(tensors)).map(([name, { shape, values }]) => {
      if (!permuted || !/attn_[qk]\./.test(name)) return [name, { shape, values }]
      const width = values.length / shape[0]
      const rows = Float32Array.from(values)
      // Row 2i + s of a head of 4 is Hugging Face's row 2s + i.
      for (let row = 0; row < shape[0]; row++) {
        const [head, place] = [row - (row % 4), row % 4]
        const from = head + 2 * (place % 2) + (place >> 1)
        rows.set(values.slice(from * width, (from + 1) * width) as Float32Array, row * width)
      }
      return [name, { shape, values: rows }]
    }),
  )
}

/** What a folder of Hugging Face's says of `tinyLlama`. */
export const tinyConfig = {
  model_type: 'llama',
  vocab_size: tinyVocabulary.length,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 4,
  rms_norm_eps: 2 ** -20,
  tie_word_embeddings: true,
  rope_theta: 10_000,
}

const shapes = {
  'input_layernorm.weight': [16],
  'post_attention_layernorm.weight': [16],
  'self_attn.q_proj.weight': [16, 16],
  'self_attn.k_proj.weight': [8, 16],
  'self_attn.v_proj.weight': [8, 16],
  'self_attn.o_proj.weight': [16, 16],
  'mlp.gate_proj.weight': [24, 16],
  'mlp.up_proj.weight': [24, 16],
  'mlp.down_proj.weight': [16, 24],
}

/** Tensors of zeros by Hugging Face's names, of `tinyConfig`'s shapes. */
export const huggingFaceTensors = (): PlainTensors =>
  Object.fromEntries(
    [
      ['model.embed_tokens.weight', [tinyVocabulary.length, 16]] as const,
      ['model.norm.weight', [16]] as const,
      ...[0, 1].flatMap((layer) =>
        Object.entries(shapes).map(([name, shape]) => [`model.layers.${layer}.${name}`, shape] as const),
      ),
    ].map(([name, shape]) => [
      name,
      { shape: [...shape], values: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
    ]),
  )

/** The same by GGUF's. */
export const publishedTensors = (): PlainTensors => renamed(huggingFaceTensors())

const ggufName = (name: string): string =>
  ggufNames.reduce((text, [from, to]) => text.replace(from, to), name)
const renamed = (tensors: PlainTensors): PlainTensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [ggufName(name), tensor]))
