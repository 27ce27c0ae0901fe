import { resolveEngine, type PlainTensors } from '@ttt-e2e/tensor-ops'
import { beforeAll, describe, expect, it } from 'vitest'
import { folderInMemory } from '../../testing/folder-in-memory'
import { publishedTensors, tinyMetadata } from '../../testing/tiny-llama'
import { writeGguf, type GgufValue } from '../../testing/write-gguf'
import { gguf } from './format'

let tensors: PlainTensors
beforeAll(async () => {
  await resolveEngine('cpu')
  tensors = publishedTensors()
})

const open = (file: Uint8Array) => gguf.open(folderInMemory({ 'a.gguf': file }, 'a.gguf'), {})
const fileOf = (
  metadata: Record<string, GgufValue | undefined>,
  change: (all: PlainTensors) => void = () => {},
) => {
  const own = { ...tensors }
  change(own)
  const all = Object.entries({ ...tinyMetadata('llama'), ...metadata }).filter(
    ([, value]) => value !== undefined,
  )
  return writeGguf(Object.fromEntries(all) as Record<string, GgufValue>, own)
}
const patched = (at: number, ...bytes: number[]) => {
  const file = fileOf({})
  file.set(bytes, at < 0 ? file.length + at : at)
  return file
}

it('opens the file that the lies are made of', async () => {
  const { architecture, weights } = await open(fileOf({}))
  expect(architecture).toMatchObject({ layers: 2, hiddenSize: 16 })
  expect(weights.shapes.size).toBe(2 + 2 * 9)
})

describe('metadata that is not true', () => {
  it.each<[Record<string, GgufValue | undefined>, string]>([
    [
      { 'general.architecture': 'mamba' },
      'its general.architecture is "mamba"; only llama and qwen3 can be read',
    ],
    [{ 'general.architecture': undefined }, 'its general.architecture is undefined'],
    [{ 'general.alignment': 33 }, 'general.alignment is 33; it must be a power of two'],
    [{ 'llama.block_count': undefined }, 'its metadata lacks llama.block_count'],
    [{ 'llama.block_count': 3 }, "'blk.2.attn_norm.weight' is missing"],
    [{ 'llama.block_count': 1 }, "'blk.1.attn_norm.weight' is no tensor of this model"],
    [{ 'llama.block_count': 'two' }, 'llama.block_count is "two"; it must be a number above 0'],
    [{ 'llama.block_count': 2000 }, 'llama.block_count is 2000; it must be a whole number up to 1024'],
    [{ 'llama.embedding_length': 32 }, "'token_embd.weight' is [261, 16], not [261, 32]"],
    [{ 'llama.embedding_length': 4e9 }, 'llama.embedding_length is 4000000000'],
    [{ 'llama.feed_forward_length': 25 }, "'blk.0.ffn_gate.weight' is [24, 16], not [25, 16]"],
    [{ 'llama.attention.head_count': 3 }, "2 key heads can't be shared evenly by 3 heads"],
    [{ 'llama.attention.head_count_kv': 4 }, "'blk.0.attn_k.weight' is [8, 16], not [16, 16]"],
    [{ 'llama.attention.key_length': 3 }, 'heads are 3 wide; RoPE needs an even width'],
    [{ 'llama.rope.dimension_count': 2 }, 'llama.rope.dimension_count is not the width of a head, 4'],
    [
      { 'llama.attention.layer_norm_rms_epsilon': undefined },
      'its metadata lacks llama.attention.layer_norm_rms_epsilon',
    ],
    [
      { 'llama.rope.scaling.type': 'longrope' },
      'its RoPE is scaled by "longrope"; known: none, linear, yarn',
    ],
    [{ 'llama.rope.scaling.type': 'linear' }, 'its metadata lacks llama.rope.scaling.factor'],
    [{ 'llama.expert_count': 8 }, 'it is a mixture of 8 experts'],
    [{ 'tokenizer.ggml.model': 'bert' }, 'its tokenizer is "bert"; only gpt2 and llama can be read'],
    [{ 'tokenizer.ggml.pre': 'deepseek' }, 'its tokenizer cuts texts by "deepseek"; known: gpt-2'],
    [{ 'tokenizer.ggml.tokens': undefined }, 'its metadata lacks the list tokenizer.ggml.tokens'],
    [
      { 'tokenizer.ggml.tokens': ['a', 'a'], 'tokenizer.ggml.token_type': [1, 1] },
      'tokenizer.ggml.tokens has a token twice',
    ],
    [{ 'tokenizer.ggml.token_type': [1, 2] }, 'tokenizer.ggml.token_type is no list of 261 numbers'],
    [{ 'tokenizer.ggml.merges': undefined }, 'its metadata lacks the list tokenizer.ggml.merges'],
    [{ 'tokenizer.ggml.model': 'llama' }, 'tokenizer.ggml.scores is no list of 261 numbers'],
  ])('%j', async (change, sentence) => {
    await expect(open(fileOf(change))).rejects.toThrow(sentence)
  })
})

describe('tensors and bytes that are not true', () => {
  const cases: [string, () => Uint8Array, string][] = [
    [
      'a missing tensor',
      () => fileOf({}, (all) => delete all['blk.1.ffn_up.weight']),
      "'blk.1.ffn_up.weight' is missing",
    ],
    [
      'one too many',
      () => fileOf({}, (all) => (all.extra = all['output_norm.weight'])),
      "'extra' is no tensor of this model",
    ],
    [
      'a tensor turned round',
      () =>
        fileOf(
          {},
          (all) => (all['blk.0.ffn_up.weight'] = { ...all['blk.0.ffn_up.weight'], shape: [16, 24] }),
        ),
      "'blk.0.ffn_up.weight' is [16, 24], not [24, 16]",
    ],
    [
      'divisors that no scaling has',
      () => fileOf({}, (all) => (all['rope_freqs.weight'] = { shape: [2], values: Float32Array.of(1, 7) })),
      "are not those of Llama 3.1's scaling",
    ],
    ['another magic', () => patched(0, 0x58), "it doesn't begin with GGUF"],
    ['version 1', () => patched(4, 1), 'it is of version 1; only 2 and 3 can be read'],
    ['the other byte order', () => patched(4, 0, 0, 0, 3), 'it is big-endian'],
    [
      'more tensors than the file can hold',
      () => patched(8, 255, 255, 255, 255, 15),
      'it claims 68719476735 tensors, the file has',
    ],
    [
      'a count beyond numbers',
      () => patched(15, 255),
      'the count of its tensors is 18374686479671623700, which is too large',
    ],
    ['more metadata than the file can hold', () => patched(16, 255, 255, 255), 'metadata, the file has'],
    [
      'a key longer than the file',
      () => patched(24, 255, 255, 255, 255),
      'the key of metadata 0 claims 4294967295 bytes',
    ],
    [
      'a value of no type',
      () => patched(24 + 8 + 20, 99),
      "'general.architecture' is of type 99, which is none of GGUF's",
    ],
    ['an end in the header', () => fileOf({}).subarray(0, 3000), 'the file'],
    ['an end in the data', () => fileOf({}).subarray(0, -64), ', the file has'],
    ['nothing', () => new Uint8Array(), 'a GGUF file has at least 24 bytes, this one has 0'],
  ]
  it.each(cases)('%s', async (_, make, sentence) => {
    await expect(open(make())).rejects.toThrow(sentence)
  })
})
