import { expect, it } from 'vitest'
import { families } from '../hugging-face/families'
import { llamaConfig } from './config'

const sizes = {
  vocab_size: 97,
  hidden_size: 256,
  intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 32,
  rms_norm_eps: 1e-5,
}
const parsed = (more: object) => llamaConfig.parse({ ...sizes, ...more })

it.each([
  ['llama', { keyHeads: 32, headWidth: 8, windows: [0, 0] }],
  ['mistral', { keyHeads: 8, headWidth: 8, windows: [4096, 4096] }],
  ['qwen2', { keyHeads: 32, headWidth: 8, windows: [0, 0] }],
  ['qwen3', { keyHeads: 32, headWidth: 128, windows: [0, 0] }],
])('takes what %s leaves out for what transformers does', (type, expected) => {
  expect(parsed({ model_type: type })).toMatchObject(expected)
})

it('tells a key that is null from one that is left out', () => {
  const given = { model_type: 'mistral', num_key_value_heads: null, sliding_window: null }
  expect(parsed(given)).toMatchObject({ keyHeads: 32, windows: [0, 0] })
})

it('has no window where Qwen isn’t told to use it', () => {
  const windowed = { model_type: 'qwen3', sliding_window: 9, max_window_layers: 1 }
  expect(parsed(windowed).windows).toEqual([0, 0])
  expect(parsed({ ...windowed, use_sliding_window: true }).windows).toEqual([0, 9])
})

const yarn = { rope_type: 'yarn', factor: 4, rope_theta: 300, original_max_position_embeddings: 32 }
it.each([
  [{ rope_parameters: yarn }, { base: 300, scaling: { originalLength: 32 } }],
  [{ rope_parameters: yarn, original_max_position_embeddings: 64 }, { scaling: { originalLength: 64 } }],
  [
    { rope_parameters: yarn, rope_scaling: null },
    { base: 300, scaling: { type: 'yarn' } },
  ],
  [
    { rope_parameters: yarn, rope_scaling: { type: 'linear', factor: 2 }, rope_theta: 500 },
    { base: 500, scaling: { type: 'linear', factor: 2 } },
  ],
])('reads RoPE as transformers reads %j', (given, rope) => {
  expect(parsed(given).rope).toMatchObject(rope)
})

it.each([
  [[0, { __float__: 'Infinity' }], undefined],
  [
    [0.01, { __float__: 'Infinity' }],
    [0.01, 3.4e38],
  ],
  [
    [0.01, 0.5],
    [0.01, 0.5],
  ],
])('reads limits of steps %j of Mamba 2', (limit, expected) => {
  const mamba = {
    vocab_size: 97,
    hidden_size: 32,
    num_hidden_layers: 2,
    num_heads: 8,
    head_dim: 8,
    state_size: 16,
    n_groups: 1,
    conv_kernel: 4,
    layer_norm_epsilon: 1e-5,
    time_step_limit: limit,
  }
  expect(families.mamba2.config.parse(mamba).time_step_limit).toEqual(expected)
})
