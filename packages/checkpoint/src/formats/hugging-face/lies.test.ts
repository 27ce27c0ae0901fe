import { encodeSafetensors, resolveEngine } from '@ttt-e2e/tensor-ops'
import { beforeAll, describe, expect, it } from 'vitest'
import { folderInMemory } from '../../testing/folder-in-memory'
import { huggingFaceTensors, tinyConfig } from '../../testing/tiny-llama'
import { huggingFaceFolder } from './format'

let files: Record<string, Uint8Array | string>
beforeAll(async () => {
  await resolveEngine('cpu')
  files = {
    'config.json': JSON.stringify(tinyConfig),
    'model.safetensors': encodeSafetensors(huggingFaceTensors()),
  }
})

const open = (change: Record<string, Uint8Array | string | undefined>) => {
  const all = Object.entries({ ...files, ...change }).filter(([, content]) => content !== undefined)
  return huggingFaceFolder.open(folderInMemory(Object.fromEntries(all) as typeof files), {})
}
const config = (change: object) => ({ 'config.json': JSON.stringify({ ...tinyConfig, ...change }) })

it('opens the folder that the lies are made of', async () => {
  expect((await open({})).architecture).toMatchObject({ layers: 2, hiddenSize: 16 })
})

describe('a configuration that is not true', () => {
  it.each<[object, string]>([
    [
      { model_type: 'gemma' },
      'config.json: model_type: only llama, mistral, qwen2, qwen3, mamba2, gated_deltanet, ttt can be read',
    ],
    [{ model_type: undefined }, "config.json has no model_type: what the model is isn't guessed"],
    [{ vocab_size: 300 }, "'model.embed_tokens.weight' is [261, 16], not [300, 16]"],
    [{ vocab_size: '261' }, 'config.json: vocab_size: '],
    [{ vocab_size: undefined }, 'config.json: vocab_size: '],
    [{ hidden_size: 32 }, "'model.embed_tokens.weight' is [261, 16], not [261, 32]"],
    [{ hidden_size: 1e6 }, 'config.json: hidden_size: '],
    [{ hidden_size: 0 }, 'config.json: hidden_size: '],
    [{ hidden_size: 18, head_dim: null }, "18 isn't an even multiple of the 4 heads"],
    [{ intermediate_size: 25 }, "'model.layers.0.mlp.gate_proj.weight' is [24, 16], not [25, 16]"],
    [{ num_hidden_layers: 3 }, "'model.layers.2.input_layernorm.weight' is missing"],
    [{ num_hidden_layers: 1 }, "'model.layers.1.input_layernorm.weight' is no tensor of this model"],
    [{ num_hidden_layers: 1e9 }, 'config.json: num_hidden_layers: '],
    [{ num_attention_heads: 8 }, "q_proj.weight' is [16, 16], not [32, 16]"],
    [{ num_key_value_heads: 3 }, "3 can't be shared evenly by 4 heads"],
    [{ num_key_value_heads: 4 }, "k_proj.weight' is [8, 16], not [16, 16]"],
    [{ head_dim: 5 }, 'config.json: head_dim: '],
    [{ hidden_act: 'gelu' }, "hidden_act: only 'silu' can be computed"],
    [{ rms_norm_eps: -1 }, 'config.json: rms_norm_eps: '],
    [{ tie_word_embeddings: false }, "'lm_head.weight' is missing"],
    [{ attention_bias: true }, "'model.layers.0.self_attn.q_proj.bias' is missing"],
    [{ mlp_bias: true }, "'model.layers.0.mlp.gate_proj.bias' is missing"],
    [{ model_type: 'qwen3' }, "'model.layers.0.self_attn.q_norm.weight' is missing"],
    [
      { rope_scaling: { rope_type: 'dynamic', factor: 2 } },
      "rope_type: 'dynamic' is unknown; known: default, linear, llama3, yarn",
    ],
    [
      { rope_scaling: { type: 'linear' } },
      'rope_scaling.factor: it is missing, and RoPE of type linear needs it',
    ],
    [{ rope_scaling: { type: 'linear', factor: 0 } }, 'config.json: rope_scaling.factor: '],
    [
      { rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 4, high_freq_factor: 1 } },
      '4 must be below high_freq_factor, 1',
    ],
    [
      { rope_scaling: { rope_type: 'yarn', factor: 4, beta_fast: 1, beta_slow: 32 } },
      '1 must not be below beta_slow, 32',
    ],
    [
      { rope_parameters: { rope_type: 'yarn', factor: 4 } },
      'original_max_position_embeddings: it is missing',
    ],
    [{ partial_rotary_factor: 0.5 }, 'partial_rotary_factor: only whole heads can be rotated'],
    [{ model_type: 'qwen3', layer_types: ['full_attention'] }, 'layer_types: it has 1 of 2 layers'],
    [
      { quantization_config: { bits: 4 } },
      'quantization_config: quantised weights of this kind cannot be read',
    ],
  ])('%j', async (change, sentence) => {
    await expect(open(config(change))).rejects.toThrow(sentence)
  })
})

describe('files that are not true', () => {
  const index = (map: unknown) => ({ 'model.safetensors.index.json': JSON.stringify({ weight_map: map }) })
  it.each<[string, Record<string, Uint8Array | string | undefined>, string]>([
    ['a configuration that is no JSON', { 'config.json': '{' }, 'config.json is not a JSON object'],
    ['a list for a configuration', { 'config.json': 'null' }, 'config.json is not a JSON object'],
    [
      'no weights',
      { 'model.safetensors': undefined },
      'there is neither model.safetensors nor model.safetensors.index.json',
    ],
    [
      'weights that end',
      { 'model.safetensors': new Uint8Array(4) },
      'a safetensors file has at least 8 bytes, this one has 4',
    ],
    [
      'an index without a map',
      index(7),
      'model.safetensors.index.json has no weight_map that gives each tensor a file',
    ],
    ['an index of numbers', index({ a: 1 }), 'has no weight_map that gives each tensor a file'],
    [
      'an index of files that are missing',
      index({ a: 'b.safetensors' }),
      'b.safetensors, which model.safetensors.index.json names, is missing',
    ],
    [
      'an index of files elsewhere',
      index({ a: '../model.safetensors' }),
      '../model.safetensors, which model.safetensors.index.json names, is missing',
    ],
    [
      'an index of other tensors',
      index({ a: 'model.safetensors' }),
      "'model.embed_tokens.weight' is in model.safetensors, where model.safetensors.index.json doesn't have it",
    ],
    ['a tokenizer that is no JSON', { 'tokenizer.json': '[]' }, 'tokenizer.json is not a JSON object'],
  ])('%s', async (_, change, sentence) => {
    await expect(open(change)).rejects.toThrow(sentence)
  })
  it('weights of whole numbers', async () => {
    const name = 'model.norm.weight'
    const changed = { ...huggingFaceTensors(), [name]: { shape: [16], values: new Int32Array(16) } }
    await expect(open({ 'model.safetensors': encodeSafetensors(changed) })).rejects.toThrow(
      `'${name}' is of type I32, which no weight can be; known: F32, F16, BF16, F64`,
    )
  })
})
