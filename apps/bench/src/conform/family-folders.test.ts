import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadModel } from '@ttt-e2e/checkpoint'
import { encodeSafetensors, resolveEngine, type PlainTensors } from '@ttt-e2e/tensor-ops'
import { beforeAll, expect, it } from 'vitest'
import { readDescription, readTensors } from './golden-case'
import { runConform } from './index'

const golden = fileURLToPath(new URL('../../fixtures/golden/baselines', import.meta.url))
beforeAll(() => resolveEngine('cpu').then(() => {}))

/** A golden case of a published model as a folder of Hugging Face's. */
function folderOf(name: string, modelType: string, change: object = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'family-'))
  const tensors = readTensors(join(golden, name))
  const { config } = readDescription(join(golden, name))! as { config: object }
  const params: PlainTensors = {}
  for (const [key, tensor] of Object.entries(tensors))
    if (key.startsWith('param.')) params[key.slice('param.'.length)] = tensor
  // Python's own JSON has it so.
  const json = JSON.stringify({ model_type: modelType, ...config, ...change }).replace('"inf"', 'Infinity')
  writeFileSync(join(folder, 'config.json'), json)
  writeFileSync(join(folder, 'model.safetensors'), encodeSafetensors(params))
  writeFileSync(join(folder, 'expected.json'), '{}')
  const { input_ids, targets, logits, loss_per_token64 } = tensors
  const losses = { ...loss_per_token64, values: Float32Array.from(loss_per_token64.values) }
  writeFileSync(
    join(folder, 'expected.safetensors'),
    encodeSafetensors({ input_ids, targets, logits, loss_per_token64: losses }),
  )
  return folder
}

it.each([
  ['mamba2_g2_ragged', 'mamba2', { time_step_limit: [0, 'inf'] }],
  ['gdn_gva_neg', 'gated_deltanet', {}],
  ['ttt_linear', 'ttt', {}],
  ['ttt_mlp_plain_ragged', 'ttt', {}],
])('a folder of %s has the logits of its family', async (name, modelType, change) => {
  const lines: string[] = []
  const folder = folderOf(name, modelType, change)
  const code = await runConform(folder, { engine: 'cpu', print: (line) => lines.push(line) })
  expect(lines.slice(1).join('\n')).toMatch(/ok\n1 ok, 0 failed, 0 skipped$/)
  expect(code).toBe(0)
})

it.each<[string, string, object, string]>([
  [
    'mamba2_g2_ragged',
    'mamba2',
    { hidden_act: 'gelu' },
    'config.json: hidden_act: only "silu" can be computed',
  ],
  ['mamba2_g2_ragged', 'mamba2', { use_bias: true }, 'config.json: use_bias: only false can be computed'],
  ['mamba2_g2_ragged', 'mamba2', { num_hidden_layers: 3 }, "'backbone.layers.2.norm.weight' is missing"],
  ['mamba2_g2_ragged', 'mamba2', { state_size: 8 }, 'inProj is ['],
  [
    'gdn_gva_neg',
    'gated_deltanet',
    { attn: { layers: [1] } },
    'config.json: attn: only null can be computed',
  ],
  [
    'gdn_gva_neg',
    'gated_deltanet',
    { tie_word_embeddings: true },
    "'lm_head.weight' is no tensor of this model",
  ],
  ['gdn_gva_neg', 'gated_deltanet', { head_dim: undefined }, 'config.json: head_dim: '],
  ['ttt_linear', 'ttt', { ttt_layer_type: 'conv' }, 'config.json: ttt_layer_type: '],
  ['ttt_linear', 'ttt', { num_hidden_layers: 1 }, 'is no tensor of this model'],
])('%s refuses %s with %j', async (name, modelType, change, sentence) => {
  await expect(loadModel(folderOf(name, modelType, change))).rejects.toThrow(sentence)
})
