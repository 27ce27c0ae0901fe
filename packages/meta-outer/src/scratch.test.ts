import { readFileSync } from 'node:fs'
import { it, expect } from 'vitest'
import { decodeSafetensors, resolveEngine, tf, treeEntries, liveTensors } from '@ttt-e2e/tensor-ops'
import { inFloat64, relativeError } from '@ttt-e2e/tensor-ops/testing'
import { attentionMixer, createDecoder } from '@ttt-e2e/swa-transformer'
import { metaGradient } from './index'
it('A', async () => {
  await resolveEngine('cpu')
  const dir = '/work/shared/golden/e2e/'
  const { tensors: t } = decodeSafetensors(readFileSync(dir + 'A-e2e-tiny.safetensors'))
  const decoder = createDecoder({ vocabularySize: 97, hiddenSize: 32, heads: 4, intermediateSize: 48, mixers: Array(4).fill(attentionMixer(16)), suffixBlocks: 2, ropeTheta: 500000, normEpsilon: 1e-6 })
  const at = (name: string, i?: number, from = 'params/language_model.model.') => {
    const { shape, values } = t[from + name]
    if (i === undefined) return tf.tensor(values as Float32Array, shape)
    const size = values.length / shape[0]
    return tf.tensor(values.subarray(i * size, (i + 1) * size) as Float32Array, shape.slice(1))
  }
  const tree = (from: string) => { const a = (n: string, i?: number) => at(n, i, from); return {
    embedding: a('wte.weight'), finalNorm: a('ln_f.weight'),
    blocks: [0,1,2,3].map((i) => ({
      mixing: { mixer: { wq: a('h.blocks.seq_modeling_block.wq.weight', i), wk: a('h.blocks.seq_modeling_block.wk.weight', i), wv: a('h.blocks.seq_modeling_block.wv.weight', i), wo: a('h.blocks.seq_modeling_block.wo.weight', i), qNorm: a('h.blocks.seq_modeling_block.q_norm.weight', i), kNorm: a('h.blocks.seq_modeling_block.k_norm.weight', i) }, norms: { norm: a('h.blocks.seq_norm.weight', i), postNorm: a('h.blocks.seq_post_norm.weight', i) } },
      ...(i >= 2 && { prime: { norms: { norm: a('h.prime_storage.ffn_prime_norm.weight', i - 2), postNorm: a('h.prime_storage.ffn_prime_post_norm.weight', i - 2) } } }),
      feedForward: { mlp: { w1: a('h.blocks.feed_forward.w1.weight', i), w3: a('h.blocks.feed_forward.w3.weight', i), w2: a('h.blocks.feed_forward.w2.weight', i) }, norms: { norm: a('h.blocks.ffn_norm.weight', i), postNorm: a('h.blocks.ffn_post_norm.weight', i) } },
    })),
    prime: [0, 1].map((i) => ({ w1: a('h.prime_storage.feed_forward_prime.w1.weight', i), w3: a('h.prime_storage.feed_forward_prime.w3.weight', i), w2: a('h.prime_storage.feed_forward_prime.w2.weight', i) })),
  } }
  const params = tree('params/language_model.model.')
  const mask = t['loss_mask'].values as Uint8Array
  const before = liveTensors()
  for (const checkpointEvery of ['everything', 1, 2] as const) {
  const r = await metaGradient({ name: 'x', decoder, rule: { chunk: 8, rate: 1, maxNorm: 1 } }, params as never, { tokens: t.tokens.values as Int32Array, mask, batch: 2, length: 40, cursor: null }, { checkpointEvery })
  console.log(r.loss, t.loss.values, relativeError(r.chunkLosses, t.chunk_loss.values), [...r.innerNorms], [...t.inner_gnorm.values])
  const g = tree('grad/language_model.model.')
  const expected = Object.fromEntries(treeEntries(g as never))
  for (const [name, x] of treeEntries(r.gradients)) { const e = relativeError(x.dataSync(), expected[name].dataSync()); if (e > 2e-5) console.log(name, e) }
  tf.dispose(g as never); tf.dispose(r.gradients as never)
  console.log('leak', liveTensors() - before)
  }
  void inFloat64; void expect
})
