import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { beforeAll, describe, expect, it } from 'vitest'
import { folderInMemory } from '../../testing/folder-in-memory'
import {
  fileTable,
  frame,
  interiorBody,
  leafBody,
  magic,
  manifestBody,
  ocdbtItem,
  varint,
  zarrEntries,
} from '../../testing/write-ocdbt'
import {
  below,
  blocks,
  D,
  encoded,
  F,
  filesOf,
  orbaxConfig,
  primes,
  root,
  shapes,
  tensors,
  type Files,
} from '../../testing/tiny-orbax'
import { openModel } from '../../open-model'
import { orbaxArrays } from './arrays'
import { orbax } from './format'

const open = (files: Files) => orbax.open(folderInMemory(files), {})

beforeAll(() => resolveEngine('cpu').then(() => {}))

it('reads the weights of each layer out of those that stand together', async () => {
  const { weights, architecture, tokenizer } = await open(filesOf())
  expect(architecture).toMatchObject({
    layers: 3,
    suffixBlocks: 1,
    rule: { chunk: 2, rate: 0.5, maxNorm: 1 },
  })
  expect(tokenizer).toEqual({ name: 'none', options: { vocabularySize: 11 } })
  const last = await weights.read('blocks.2.feedForward.mlp.w1')
  expect(last).toEqual({
    shape: [D, F],
    values: tensors[`${blocks}feed_forward.w1.weight`].slice(2 * D * F),
  })
  expect((await weights.read('prime.0.w2')).values).toEqual(tensors[`${primes}feed_forward_prime.w2.weight`])
})

it('is loaded like any other model, and hashed by its weights', async () => {
  const hashes = []
  for (const scale of [1, 1, 2]) {
    const name = `${root}ln_f.weight`
    const values = {
      ...encoded(),
      ...zarrEntries(
        name,
        [D],
        tensors[name].map((x) => x * scale),
      ),
    }
    const model = await openModel(folderInMemory(filesOf(values)))
    hashes.push(model.hash)
    model.dispose()
  }
  expect(hashes[0]).toBe(hashes[1])
  expect(hashes[2]).not.toBe(hashes[0])
})

it('puts chunks side by side, as several hosts write them', async () => {
  const values = Float32Array.from({ length: 15 }, (_, i) => i)
  const parts = zarrEntries('a', [3, 5], values, { chunks: [2, 3] })
  const chunk = (...rows: number[]) => new Uint8Array(Float32Array.from(rows).buffer)
  Object.assign(parts, {
    'a/0.0': chunk(0, 1, 2, 5, 6, 7),
    'a/0.1': chunk(3, 4, -1, 8, 9, -1),
    'a/1.0': chunk(10, 11, 12, -1, -1, -1),
    'a/1.1': chunk(13, 14, -1, -1, -1, -1),
  })
  const arrays = await orbaxArrays(folderInMemory(below('x', ocdbtItem(parts))), 'x')
  expect(await arrays!.read('a')).toEqual({ shape: [3, 5], values })
})

describe('a checkpoint that is not true', () => {
  const without = (values: Record<string, Uint8Array>, name: string) =>
    Object.fromEntries(Object.entries(values).filter(([key]) => !key.startsWith(name)))
  const changed = (name: string, change: object) => ({
    ...encoded(),
    ...zarrEntries(name, shapes[name], tensors[name], change),
  })
  const norm = `${root}ln_f.weight`
  const manifest = (body: number[], version = 0, compression = 0): Files => ({
    ...filesOf(),
    'model_weights/manifest.ocdbt': frame(magic.manifest, body, version, compression),
  })
  /** The manifest leads to this node alone. */
  const node = (body: number[], options = {}): Files => {
    const bytes = frame(magic.node, body)
    return { ...manifest(manifestBody(0, bytes.length, options)), 'model_weights/d/0': bytes }
  }
  const patched = (file: string, at: number, ...bytes: number[]): Files => {
    const files = filesOf()
    const copy = (files[file] as Uint8Array).slice()
    copy.set(bytes, at < 0 ? copy.length + at : at)
    return { ...files, [file]: copy }
  }
  const configured = (change: object): Files => ({
    ...filesOf(),
    'config.json': JSON.stringify({ ...orbaxConfig, ...change }),
  })
  const leaf = (key: string, length: number, offset = 0) => leafBody([{ key, length, offset }])
  const cases: [string, () => Files, string][] = [
    ['no configuration', () => ({ ...filesOf(), 'config.json': 'null' }), 'config.json: '],
    ['other heads', () => configured({ num_attention_heads: 4 }), "q_norm.weight' is [3, 4], not [3, 2]"],
    ['more layers', () => configured({ num_hidden_layers: 4 }), 'is [3, 8, 8], not [4, 8, 8]'],
    ['no prime', () => configured({ prime: false, train_mode: 'pretrain' }), 'is no tensor of this model'],
    [
      'a size beyond reason',
      () => configured({ num_hidden_layers: 1e8 }),
      'config.json: num_hidden_layers: ',
    ],
    ['heads that do not divide', () => configured({ num_attention_heads: 3 }), "can't be used: "],
    ['another kind of norm', () => configured({ post_norm: false }), 'post_norm must be true'],
    [
      'a window of nothing',
      () => configured({ sliding_window_size: 0 }),
      'config.json: sliding_window_size: ',
    ],
    ['a missing array', () => filesOf(without(encoded(), norm)), `'${norm}' is missing`],
    [
      'one too many',
      () => filesOf({ ...encoded(), ...zarrEntries('extra', [1], new Float32Array(1)) }),
      "'extra' is no tensor",
    ],
    [
      'a name that is no path',
      () => filesOf({ ...encoded(), ...zarrEntries('a/../b', [1], new Float32Array(1)) }),
      "'a/../b': its name is no path, which would be '/b'",
    ],
    [
      'a name of half a character',
      () => filesOf({ ...encoded(), ...zarrEntries('a%ff', [1], new Float32Array(1)) }),
      "'a%ff': its name is no path: a % in it begins no character",
    ],
    ['another shape', () => filesOf(changed(norm, { shape: [4], chunks: [8] })), `'${norm}' is [4], not [8]`],
    ['another type', () => filesOf(changed(norm, { dtype: '<i4' })), `'${norm}' is of type I32`],
    [
      'a missing chunk',
      () => filesOf(without(encoded(), `${norm}/0`)),
      `'${norm}' [8] has 0 of its 1 chunks`,
    ],
    [
      'a shape beyond its chunks',
      () => filesOf(changed(norm, { shape: [1e12] })),
      'has 1 of its 125000000000 chunks',
    ],
    [
      'a chunk beyond memory',
      () => filesOf(changed(norm, { shape: [1e12], chunks: [1e12] })),
      'at most 2147483647',
    ],
    [
      'a description that is no JSON',
      () => filesOf({ ...encoded(), [`${norm}/.zarray`]: new Uint8Array(9) }),
      'is not a JSON object',
    ],
    ['filters', () => filesOf(changed(norm, { filters: [{ id: 'delta' }] })), 'it has filters'],
    [
      'a manifest that is cut off',
      () => ({ ...filesOf(), 'model_weights/manifest.ocdbt': new Uint8Array(9) }),
      'a manifest has at least 18 bytes',
    ],
    [
      'another magic',
      () => patched('model_weights/manifest.ocdbt', 0, 1),
      "it doesn't begin as a manifest of OCDBT",
    ],
    ['another length', () => patched('model_weights/manifest.ocdbt', 4, 255), 'it claims to have'],
    [
      'a byte that was changed',
      () => patched('model_weights/manifest.ocdbt', 20, 99),
      "its checksum (CRC-32C) isn't that of its bytes",
    ],
    [
      'a node of which a byte was changed',
      () => patched('model_weights/d/0', -20, 99),
      "its checksum (CRC-32C) isn't that of its bytes",
    ],
    ['another version', () => manifest(manifestBody(0, 0), 3), 'it is of version 3; only 0 can be read'],
    ['another compression', () => manifest(manifestBody(0, 0), 0, 7), 'its compression is 7'],
    ['zstd that is none', () => manifest(manifestBody(0, 0), 0, 1), 'it is not zstd data'],
    ['numbered manifests', () => manifest(manifestBody(0, 0, { kind: 1 })), 'numbered manifests'],
    ['a manifest that ends', () => manifest(manifestBody(0, 0).slice(0, 30)), 'it ends in '],
    [
      'more files than bytes',
      () => manifest(manifestBody(0, 0, { files: varint(1e9) })),
      'of them are claimed',
    ],
    [
      'a file elsewhere',
      () => manifest(manifestBody(0, 0, { files: fileTable(['../secret']) })),
      "'../secret', which is not below it",
    ],
    [
      'a file that is missing',
      () => manifest(manifestBody(0, 30, { files: fileTable(['d/9']) })),
      "'d/9', which it refers to, is missing",
    ],
    ['a root beyond the file', () => manifest(manifestBody(1e9, 30)), "of 'd/0' are referred to, it has"],
    ['a length beyond memory', () => manifest(manifestBody(0, 1e15)), "of 'd/0' are referred to, it has"],
    [
      'generations out of order',
      () => manifest(manifestBody(0, 0, { versions: [2, 2] })),
      'its generations are not in their order',
    ],
    [
      'a leaf where none belongs',
      () => node(leaf('a', 1), { height: 2 }),
      'a node is of height 0, where one of height 2 belongs',
    ],
    ['a node without entries', () => node([0, ...fileTable(['d/0']), 0]), 'a node claims 0 entries'],
    ['more entries than bytes', () => node([0, ...fileTable(['d/0']), ...varint(900_000)]), 'are claimed'],
    ['a value beyond its file', () => node(leaf('a/.zarray', 1e6)), "of 'd/0' are referred to, it has"],
    ['bytes after the end', () => node([...leaf('a', 1), 7]), 'it goes on for 1 bytes after its end'],
    [
      'a key twice',
      () =>
        node(
          leafBody([
            { key: 'a', length: 0, offset: 0 },
            { key: 'a', length: 0, offset: 0 },
          ]),
        ),
      "it has 'a' twice",
    ],
    [
      'a node that leads to itself',
      () => {
        const body = interiorBody([{ key: 'a', common: 0, offset: 0, length: 40 }], 1)
        const length = frame(magic.node, body).length
        return node(interiorBody([{ key: 'a', common: 0, offset: 0, length }], 1), { height: 1 })
      },
      'is met twice',
    ],
  ]
  it.each(cases)('%s', async (_, make, sentence) => {
    await expect(open(make())).rejects.toThrow(sentence)
  })
  it('weights alone do not say what they are', async () => {
    const { 'config.json': _, ...files } = filesOf()
    await expect(open(files)).rejects.toThrow(
      "put the authors' configuration beside them as config.json, or convert it with --recipe",
    )
  })
})
