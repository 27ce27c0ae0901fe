import { createRandom } from '@ttt-e2e/tensor-ops'
import { ocdbtItem, zarrEntries } from './write-ocdbt'

/** The authors' configuration of a model of three layers. */
export const orbaxConfig = {
  vocab_size: 11,
  hidden_size: 8,
  num_attention_heads: 2,
  num_hidden_layers: 3,
  suffix_len: 1,
  intermediate_size: 6,
  sliding_window_size: 4,
  mini_batch_size: 2,
  rope_theta: 10_000,
  rms_norm_eps: 1e-6,
  prime: true,
  train_mode: 'meta',
  inner_lr: 0.5,
  inner_clip: null,
}
export const root = 'language_model.model.'
export const blocks = `${root}h.blocks.`
export const primes = `${root}h.prime_storage.`
/** Layers, suffix blocks, width and MLP's width. */
const [L, S] = [3, 1]
export const [D, F] = [8, 6]
export const shapes: Record<string, number[]> = {
  [`${root}wte.weight`]: [11, D],
  [`${root}ln_f.weight`]: [D],
  ...Object.fromEntries(
    ['wq', 'wk', 'wv', 'wo'].map((name) => [`${blocks}seq_modeling_block.${name}.weight`, [L, D, D]]),
  ),
  ...Object.fromEntries(
    ['q_norm', 'k_norm'].map((name) => [`${blocks}seq_modeling_block.${name}.weight`, [L, D / 2]]),
  ),
  ...Object.fromEntries(
    ['seq_norm', 'seq_post_norm', 'ffn_norm', 'ffn_post_norm'].map((name) => [
      `${blocks}${name}.weight`,
      [L, D],
    ]),
  ),
  ...Object.fromEntries(
    ['w1', 'w3', 'w2'].flatMap((name) => {
      const [from, to] = name === 'w2' ? [F, D] : [D, F]
      return [
        [`${blocks}feed_forward.${name}.weight`, [L, from, to]],
        [`${primes}feed_forward_prime.${name}.weight`, [S, from, to]],
      ]
    }),
  ),
  [`${primes}ffn_prime_norm.weight`]: [S, D],
  [`${primes}ffn_prime_post_norm.weight`]: [S, D],
}
const random = createRandom(3)
export const tensors = Object.fromEntries(
  Object.entries(shapes).map(([name, shape]) => [
    name,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
  ]),
)

export type Files = Record<string, Uint8Array | string>
/** The arrays of its weights, as zarr has them in a store. */
export const encoded = () =>
  Object.fromEntries(
    Object.entries(tensors).flatMap(([name, values]) =>
      Object.entries(zarrEntries(name, shapes[name], values)),
    ),
  )
export const below = (item: string, files: Record<string, Uint8Array>) =>
  Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`${item}/${path}`, bytes]))
/** The checkpoint's files. */
export const filesOf = (values = encoded()): Files => ({
  ...below('model_weights', ocdbtItem(values)),
  'config.json': JSON.stringify(orbaxConfig),
})
