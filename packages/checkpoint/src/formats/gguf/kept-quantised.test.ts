import type { tf } from '@ttt-e2e/tensor-ops'
import { expect, it } from 'vitest'
import { openModel } from '../../open-model'
import { folderInMemory } from '../../testing/folder-in-memory'
import { tinyMetadata } from '../../testing/tiny-llama'
import { tinyVocabulary } from '../../testing/tiny-tokenizer'
import { writeGguf, type RawTensor } from '../../testing/write-gguf'
import { blockTypes } from './block-types'

/** Where a block's f16 are. */
const halvesOf: Record<string, number[]> = { Q5_1: [0, 2], Q4_K: [0, 2], Q5_K: [0, 2], Q6_K: [208] }

/** Noise with scales that are all alike. */
function tensorOf(name: string, shape: number[], seed: number): RawTensor {
  const [number, type] = [...blockTypes].find(([, each]) => each.name === name)!
  const count = (shape[0] * shape[1]) / type.values
  const bytes = Uint8Array.from(
    { length: count * type.bytes },
    (_, i) => ((i + seed) * 151 + (i >> 3) * 37) & 255,
  )
  const view = new DataView(bytes.buffer)
  for (let block = 0; block < count; block++)
    for (const place of halvesOf[name] ?? [0]) view.setUint16(block * type.bytes + place, 0x0c00, true)
  return { type: number, shape, bytes }
}

const [width, inner, heads, headWidth] = [256, 256, 4, 16]

function fileOf(architecture: 'llama' | 'qwen3', embedding: string): Uint8Array {
  const ones = (size: number) => ({ shape: [size], values: new Float32Array(size).fill(1) })
  const perHead = { 'blk.0.attn_q_norm.weight': ones(headWidth), 'blk.0.attn_k_norm.weight': ones(headWidth) }
  return writeGguf(
    {
      ...tinyMetadata(architecture),
      [`${architecture}.block_count`]: 1,
      [`${architecture}.embedding_length`]: width,
      [`${architecture}.feed_forward_length`]: inner,
      [`${architecture}.attention.head_count`]: heads,
      [`${architecture}.attention.key_length`]: headWidth,
    },
    {
      'output_norm.weight': ones(width),
      'blk.0.attn_norm.weight': ones(width),
      'blk.0.ffn_norm.weight': ones(width),
      ...(architecture === 'qwen3' && perHead),
    },
    {
      others: {
        'token_embd.weight': tensorOf(embedding, [tinyVocabulary.length, width], 1),
        'blk.0.attn_q.weight': tensorOf('Q4_K', [heads * headWidth, width], 2),
        'blk.0.attn_k.weight': tensorOf('Q5_0', [2 * headWidth, width], 3),
        'blk.0.attn_v.weight': tensorOf('Q6_K', [2 * headWidth, width], 4),
        'blk.0.attn_output.weight': tensorOf('Q5_1', [width, heads * headWidth], 5),
        'blk.0.ffn_gate.weight': tensorOf('Q5_K', [inner, width], 6),
        'blk.0.ffn_up.weight': tensorOf('Q4_K', [inner, width], 7),
        'blk.0.ffn_down.weight': tensorOf('Q6_K', [width, inner], 8),
      },
    },
  )
}

async function openAndRead(file: Uint8Array, keepQuantised: boolean) {
  const folder = folderInMemory({ 'model.gguf': file }, 'model.gguf')
  const model = await openModel(folder, { engine: 'wasm', threads: 1, keepQuantised })
  const { params, hash, notes } = model
  const memory = await model.read('abc ab, and so on')
  const logits = await memory.reader.nextLogits()
  const types = Object.entries((params.blocks[0].mixing as { mixer: Record<string, tf.Tensor> }).mixer).map(
    ([name, { dtype }]) => [name, dtype],
  )
  memory.dispose()
  model.dispose()
  return { hash, notes, logits, types: Object.fromEntries(types) as Record<string, string> }
}

it.each(['llama', 'qwen3'] as const)('%s reads alike with what stays quantised', async (architecture) => {
  const file = fileOf(architecture, 'Q8_0')
  const [kept, expanded] = [await openAndRead(file, true), await openAndRead(file, false)]
  expect(kept.types).toMatchObject({ wq: 'int32', wk: 'int32', wv: 'int32', wo: 'int32' })
  expect(expanded.types).toMatchObject({ wq: 'float32', wk: 'float32' })
  expect([...kept.logits]).toEqual([...expanded.logits])
  expect(Math.max(...kept.logits) - Math.min(...kept.logits)).toBeGreaterThan(1e-3)
  expect(kept.hash).toBe(expanded.hash)
  expect((await openAndRead(fileOf(architecture, 'Q5_0'), true)).hash).not.toBe(kept.hash)
  // The vocabulary of 261 is no multiple of 16.
  expect(kept.notes).toEqual([
    expect.stringMatching(
      /^1 of the quantised tensors became float32, .*: 'token_embd.weight' \(Q8_0, \[261, 256\]\)$/,
    ),
  ])
  expect(expanded.notes).toEqual([])
})
