import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fuzz } from '@ttt-e2e/tensor-ops/testing'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fuzzTargets } from '../../testing/fuzz-targets'
import { writeFiles, zarrFiles } from '../../testing/write-zarr'
import { openTokenArrays } from './token-arrays'

type Files = Record<string, Uint8Array>
const ids = Int32Array.from({ length: 29 }, (_, i) => i)
let [v2, v3, sharded, plain]: Files[] = []
beforeAll(async () => {
  v2 = await zarrFiles(ids, { version: 2, compression: 'zstd' })
  v3 = await zarrFiles(ids, { compression: 'blosc' })
  sharded = await zarrFiles(ids, { shard: 2 })
  plain = await zarrFiles(ids, { compression: 'none' })
})
let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'lies-'))))

async function read(files: Files, at = folder): Promise<Int32Array> {
  rmSync(join(at, 'train'), { recursive: true, force: true })
  writeFiles(join(at, 'train'), files)
  const { train } = await openTokenArrays(at)
  return train.read(0, Math.min(train.length, 29))
}

const encode = (json: unknown) => new TextEncoder().encode(JSON.stringify(json))
/** The description with one value replaced, at a path like `chunk_grid.name`. */
function described(files: Files, name: string, path: string, value: unknown): Files {
  const json = JSON.parse(new TextDecoder().decode(files[name]))
  const keys = path.split('.')
  const last = keys.pop()!
  const place = keys.reduce((at, key) => at[key], json)
  if (value === undefined) delete place[last]
  else place[last] = value
  return { ...files, [name]: encode(json) }
}
const patched = (files: Files, name: string, at: number, ...bytes: number[]) => {
  const copy = files[name].slice()
  copy.set(bytes, at < 0 ? copy.length + at : at)
  return { ...files, [name]: copy }
}

it('reads what the lies are made of', async () => {
  for (const files of [v2, v3, sharded, plain]) expect(await read(files)).toEqual(ids)
})

describe('a zarr.json that is not true', () => {
  it.each<[path: string, value: unknown, sentence: string]>([
    ['zarr_format', 2, 'zarr_format is 2, not 3'],
    ['node_type', 'group', 'it is "group", not an array'],
    ['shape', [29.5], 'its shape is [29.5]; it must be a list of whole numbers from 0 up'],
    ['shape', '29', 'its shape is "29"'],
    ['shape', [-1], 'its shape is [-1]'],
    ['shape', [1e300], 'its shape is [1e+300]'],
    ['shape', [2 ** 52], 'which is larger than any file'],
    ['shape', [29, 1], 'its chunks have 1 axes, the array 2'],
    ['shape', [], 'its chunks have 1 axes, the array 0'],
    ['data_type', 'float32', 'is of float32; an array of tokens is of uint16, uint32, int32'],
    ['data_type', 'complex64', 'its data_type is "complex64"; known: uint8'],
    ['data_type', 'uint16', 'claims to be 32 bytes, not 16'],
    ['data_type', undefined, 'its data_type is missing'],
    ['chunk_grid', { name: 'irregular' }, 'its chunk_grid is "irregular", not regular'],
    ['chunk_grid.configuration.chunk_shape', [0], 'its chunk shape is [0]'],
    ['chunk_grid.configuration.chunk_shape', [9], 'claims to be 32 bytes, not 36'],
    ['chunk_grid.configuration.chunk_shape', [1e9], 'its chunks are of 4000000000 bytes'],
    ['chunk_grid.configuration.chunk_shape', [5e8], 'claims to be 32 bytes, not 2000000000'],
    ['chunk_key_encoding.name', 'hashed', "its chunk_key_encoding is \"hashed\"; known: 'default', 'v2'"],
    ['chunk_key_encoding.configuration.separator', '..', 'its separator is ".."'],
    ['fill_value', 'none', 'its fill_value is "none"; it must be a number'],
    ['codecs', [], 'its codecs are []; they must be a list'],
    ['codecs', [{ name: 'blosc' }], 'bytes must be the first, and only once'],
    ['codecs.1.name', 'snappy', "its codec is \"snappy\"; known: 'bytes', 'crc32c'"],
    ['codecs.1.name', 'zstd', 'it is not zstd data'],
    ['codecs.1.name', 'gzip', "can't be read"],
    ['codecs.1.name', 'lz4', 'its lz4 data claims to be'],
    ['codecs.1.name', 'crc32c', "its checksum (CRC-32C) isn't that of its bytes"],
    ['codecs.0.configuration.endian', 'middle', 'its endian is "middle"'],
    ['codecs.2', { name: 'gzip' }, 'its chunks are compressed twice: bytes, blosc, gzip'],
  ])('%s = %j', async (path, value, sentence) => {
    await expect(read(described(v3, 'zarr.json', path, value))).rejects.toThrow(sentence)
  })
  it.each<[path: string, value: unknown, sentence: string]>([
    ['codecs.1', { name: 'zstd' }, 'its shards are compressed as a whole'],
    ['codecs.0.configuration.chunk_shape', [7], "its chunks [7] don't divide its shards [16]"],
    ['codecs.0.configuration.chunk_shape', [4], "its checksum (CRC-32C) isn't that of its bytes"],
    ['codecs.0.configuration.index_location', 'start', 'its index_location is "start"'],
    ['codecs.0.configuration.index_codecs.1.name', 'zstd', "its codec is \"zstd\"; known: 'bytes', 'crc32c'"],
    ['chunk_grid.configuration.chunk_shape', [8e6], 'were to be read, it has'],
  ])('sharded, %s = %j', async (path, value, sentence) => {
    await expect(read(described(sharded, 'zarr.json', path, value))).rejects.toThrow(sentence)
  })
})

it.each<[path: string, value: unknown, sentence: string]>([
  ['zarr_format', 3, 'zarr_format is 3, not 2'],
  ['dtype', '<f4', 'is of float32'],
  ['dtype', 'O', 'its dtype is "O"; known: uint8'],
  ['chunks', null, 'its chunk shape is null'],
  ['order', 'F', 'its order is "F"; known: \'C\''],
  ['filters', [{ id: 'delta' }], 'it has filters'],
  ['filters', 3, 'it has filters'],
  ['filters', {}, 'it has filters'],
  ['filters', 'delta', 'it has filters'],
  ['compressor', { id: 'bz2' }, 'its compressor is "bz2"'],
  ['compressor', null, "chunk 0 of '"],
])('a .zarray that is not true: %s = %j', async (path, value, sentence) => {
  await expect(read(described(v2, '.zarray', path, value))).rejects.toThrow(sentence)
})

describe('chunks that are not true', () => {
  const cases: [string, () => Files, string][] = [
    [
      'a description that is no JSON',
      () => ({ ...v3, 'zarr.json': encode([]) }),
      'zarr.json is not a JSON object',
    ],
    [
      'blosc of another length',
      () => patched(v3, 'c/0', 4, 255, 255, 255, 127),
      'claims to be 2147483647 bytes, not 32',
    ],
    ['blosc that is cut off', () => ({ ...v3, 'c/0': v3['c/0'].subarray(0, 20) }), 'there are 20'],
    [
      'blosc without a header',
      () => ({ ...v3, 'c/0': new Uint8Array(3) }),
      'blosc data has at least 16 bytes',
    ],
    [
      'zstd of another length',
      () => patched(v2, '0', 5, 255),
      'its zstd data claims to be 255 bytes, more than 32',
    ],
    ['zstd that is nothing', () => ({ ...v2, 0: new Uint8Array(9) }), 'it is not zstd data'],
    [
      'values that are cut off',
      () => ({ ...plain, 'c/1': plain['c/1'].subarray(4) }),
      'it has 7 values; the array',
    ],
    [
      'values that are too many',
      () => ({ ...plain, 'c/1': new Uint8Array(64) }),
      'it has 16 values; the array',
    ],
    [
      'a shard that is cut off',
      () => ({ ...sharded, 'c/0': new Uint8Array(9) }),
      'were to be read, it has 9',
    ],
    [
      "a shard's index of another chunk",
      () => patched(sharded, 'c/0', -36, 9),
      "its checksum (CRC-32C) isn't",
    ],
  ]
  it.each(cases)('%s', async (_, make, sentence) => {
    await expect(read(make())).rejects.toThrow(sentence)
  })
})

// `npm run fuzz` opens many more.
it.each(Object.keys(fuzzTargets))('no mutation of a %s is more than refused', async (name) => {
  const count = 150
  const { faults, refused } = await fuzz(await fuzzTargets[name](), { count, seed: 11 })
  expect(faults).toEqual([])
  expect(refused).toBeGreaterThan(count / 4)
})
