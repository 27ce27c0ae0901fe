import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { crc32c } from '@ttt-e2e/tensor-ops'
import Blosc from 'numcodecs/blosc'
import Zstd from 'numcodecs/zstd'

type Values = Uint16Array | Uint32Array | Int32Array
type Compression = 'none' | 'gzip' | 'zstd' | 'blosc'

export interface ZarrOptions {
  version?: 2 | 3
  chunk?: number
  compression?: Compression
  /** Chunks of a shard; no shards where left out. */
  shard?: number
  /** Chunks that are not stored. */
  without?: readonly number[]
}

/** An array's files by their paths below it, as zarr-python writes them. */
export async function zarrFiles(
  values: Values,
  { version = 3, chunk = 8, compression = 'zstd', shard, without = [] }: ZarrOptions = {},
): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {}
  const chunks = await Promise.all(
    Array.from({ length: Math.ceil(values.length / chunk) }, async (_, i) => {
      const whole = values.slice(0, 0).constructor as new (length: number) => Values
      const padded = new whole(chunk)
      padded.set(values.subarray(i * chunk, (i + 1) * chunk))
      return without.includes(i) ? undefined : compressed(new Uint8Array(padded.buffer), compression)
    }),
  )
  const put = (key: string | number, bytes: Uint8Array) =>
    (files[version === 2 ? String(key) : `c/${key}`] = bytes)
  if (shard === undefined) chunks.forEach((bytes, i) => bytes && put(i, bytes))
  else
    for (let i = 0; i < chunks.length; i += shard) put(i / shard, shardOf(chunks.slice(i, i + shard), shard))
  const name = values.constructor.name.replace('Array', '').toLowerCase()
  const encode = (json: object) => new TextEncoder().encode(JSON.stringify(json))
  if (version === 2) files['.zarray'] = encode(v2(name, values.length, chunk, compression))
  else files['zarr.json'] = encode(v3(name, values.length, chunk, compression, shard))
  return files
}

async function compressed(bytes: Uint8Array, compression: Compression): Promise<Uint8Array> {
  if (compression === 'gzip') return gzipSync(bytes)
  if (compression === 'zstd') return Zstd.fromConfig({ id: 'zstd', level: 1 }).encode(bytes)
  if (compression === 'blosc')
    return Blosc.fromConfig({ id: 'blosc', cname: 'zstd', clevel: 3, shuffle: 1 }).encode(bytes)
  return bytes
}

/** Chunks one after another, then where each is, then the checksum of that. */
function shardOf(chunks: readonly (Uint8Array | undefined)[], count: number): Uint8Array {
  const places = new BigUint64Array(2 * count).fill(0xffff_ffff_ffff_ffffn)
  let at = 0
  chunks.forEach((bytes, i) => {
    if (!bytes) return
    places.set([BigInt(at), BigInt(bytes.length)], 2 * i)
    at += bytes.length
  })
  const index = new Uint8Array(places.buffer)
  const checksum = new Uint8Array(Uint32Array.of(crc32c(index)).buffer)
  return Buffer.concat([...chunks.filter((bytes) => bytes !== undefined), index, checksum])
}

const v2 = (name: string, length: number, chunk: number, compression: Compression) => ({
  shape: [length],
  chunks: [chunk],
  dtype: { uint16: '<u2', uint32: '<u4', int32: '<i4' }[name],
  compressor:
    compression === 'none' ? null : { id: compression, ...(compression === 'gzip' && { level: 5 }) },
  fill_value: 0,
  filters: null,
  order: 'C',
  zarr_format: 2,
})

function v3(name: string, length: number, chunk: number, compression: Compression, shard?: number) {
  const bytes = { name: 'bytes', configuration: { endian: 'little' } }
  const plain = compression === 'none' ? [bytes] : [bytes, { name: compression, configuration: {} }]
  const sharded = {
    name: 'sharding_indexed',
    configuration: {
      chunk_shape: [chunk],
      codecs: plain,
      index_codecs: [bytes, { name: 'crc32c' }],
      index_location: 'end',
    },
  }
  return {
    shape: [length],
    data_type: name,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: [chunk * (shard ?? 1)] } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: 0,
    codecs: shard === undefined ? plain : [sharded],
    attributes: {},
    zarr_format: 3,
    node_type: 'array',
  }
}

/** Writes them below a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array>>): void {
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
}
