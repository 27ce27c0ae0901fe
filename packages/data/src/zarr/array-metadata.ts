/** Bytes of the values that arrays here have; tokens, weights and the places of chunks in a shard. */
const types = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  uint64: 8,
  int64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
} as const
export type ZarrType = keyof typeof types

export const valueBytes = (type: string): number => types[type as ZarrType]

/** An array whose description can't be used; the message goes on after what is wrong with it. */
export class ZarrProblem extends Error {}

/** What an array says of itself, once it was found to make sense. */
export interface ArrayMetadata {
  version: 2 | 3
  shape: readonly number[]
  type: ZarrType
  /** Of what is decompressed at a time: chunks, or where there are shards the chunks within them. */
  chunkShape: readonly number[]
  /** What values are that nothing is stored for. */
  fill: number
}

/** A chunk is decompressed whole. */
const mostChunkBytes = 2 ** 31 - 1
const mostAxes = 32

/** @throws ZarrProblem for a `zarr.json` that isn't one of an array that can be read */
export function parseV3(bytes: Uint8Array): ArrayMetadata {
  const json = objectOf(bytes, 'zarr.json')
  if (json.zarr_format !== 3) throw new ZarrProblem(`zarr_format is ${shown(json.zarr_format)}, not 3`)
  if (json.node_type !== 'array') throw new ZarrProblem(`it is ${shown(json.node_type)}, not an array`)
  const shape = sizesOf('shape', json.shape, 0)
  const type = typeOf(json.data_type)
  const grid = object(json.chunk_grid)
  if (grid.name !== 'regular') throw new ZarrProblem(`its chunk_grid is ${shown(grid.name)}, not regular`)
  const encoding = object(json.chunk_key_encoding)
  checkOneOf('chunk_key_encoding', encoding.name, ['default', 'v2'])
  checkOneOf('separator', object(encoding.configuration).separator, ['/', '.', undefined])
  const outer = chunkSizes(object(grid.configuration).chunk_shape, shape, type)
  const codecs = codecsOf(json.codecs)
  const fill = fillOf(json.fill_value)
  const sharding = codecs.find(({ name }) => name === 'sharding_indexed')
  if (!sharding) {
    checkCodecs(codecs)
    return withWholeChunks({ version: 3, shape, type, chunkShape: outer, fill })
  }
  if (codecs.length > 1)
    throw new ZarrProblem("its shards are compressed as a whole, and can't be read by range")
  const { chunk_shape, codecs: within, index_codecs, index_location = 'end' } = sharding.configuration
  const inner = chunkSizes(chunk_shape, shape, type)
  if (inner.some((size, axis) => outer[axis] % size !== 0))
    throw new ZarrProblem(`its chunks [${inner.join(', ')}] don't divide its shards [${outer.join(', ')}]`)
  checkOneOf('index_location', index_location, ['end'])
  checkCodecs(codecsOf(index_codecs), ['bytes', 'crc32c'])
  checkCodecs(codecsOf(within))
  return withWholeChunks({ version: 3, shape, type, chunkShape: inner, fill })
}

const v2Types: Readonly<Record<string, ZarrType>> = {
  u1: 'uint8',
  i1: 'int8',
  u2: 'uint16',
  i2: 'int16',
  u4: 'uint32',
  i4: 'int32',
  u8: 'uint64',
  i8: 'int64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
}

/** @throws ZarrProblem for a `.zarray` that isn't one of an array that can be read */
export function parseV2(bytes: Uint8Array): ArrayMetadata {
  const json = objectOf(bytes, '.zarray')
  if (json.zarr_format !== 2) throw new ZarrProblem(`zarr_format is ${shown(json.zarr_format)}, not 2`)
  const shape = sizesOf('shape', json.shape, 0)
  const type = v2Types[/^[<>|]([a-z]\d)$/.exec(String(json.dtype))?.[1] ?? '']
  if (type === undefined) throw new ZarrProblem(`its dtype is ${shown(json.dtype)}; known: ${known(types)}`)
  const chunkShape = chunkSizes(json.chunks, shape, type)
  checkOneOf('order', json.order, ['C'])
  checkOneOf('dimension_separator', json.dimension_separator, ['.', '/', undefined])
  const { filters = null } = json
  if (filters !== null && !(Array.isArray(filters) && filters.length === 0))
    throw new ZarrProblem('it has filters, which no tokens or weights have')
  if (json.compressor !== null)
    checkOneOf('compressor', object(json.compressor).id, ['blosc', 'lz4', 'zstd', 'gzip', 'zlib'])
  return withWholeChunks({ version: 2, shape, type, chunkShape, fill: fillOf(json.fill_value) })
}

/** @throws ZarrProblem for chunks that are larger than what can be decompressed at once */
function withWholeChunks(metadata: ArrayMetadata): ArrayMetadata {
  const bytes = metadata.chunkShape.reduce((a, b) => a * b, 1) * valueBytes(metadata.type)
  if (bytes <= mostChunkBytes) return metadata
  throw new ZarrProblem(`its chunks are of ${bytes} bytes; at most ${mostChunkBytes} can be read at once`)
}

type Json = Record<string, unknown>

function objectOf(bytes: Uint8Array, file: string): Json {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    // Told below.
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new ZarrProblem(`${file} is not a JSON object`)
  return json as Json
}

const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'missing').slice(0, 100)
const known = (names: object): string => Object.keys(names).join(', ')

function sizesOf(name: string, value: unknown, least: number): number[] {
  const isSize = (size: unknown) => Number.isSafeInteger(size) && Number(size) >= least
  if (!Array.isArray(value) || value.length > mostAxes || !value.every(isSize))
    throw new ZarrProblem(
      `its ${name} is ${shown(value)}; it must be a list of whole numbers from ${least} up`,
    )
  if (!Number.isSafeInteger(value.reduce((a, b) => a * b, 8)))
    throw new ZarrProblem(`its ${name} is ${shown(value)}, which is larger than any file`)
  return value
}

function chunkSizes(value: unknown, shape: readonly number[], type: ZarrType): number[] {
  const sizes = sizesOf('chunk shape', value, 1)
  if (sizes.length !== shape.length)
    throw new ZarrProblem(`its chunks have ${sizes.length} axes, the array ${shape.length}`)
  const bytes = sizes.reduce((a, b) => a * b, 1) * valueBytes(type)
  if (!Number.isSafeInteger(8 * bytes))
    throw new ZarrProblem(`its chunks are of ${bytes} bytes, which is larger than any file`)
  return sizes
}

function typeOf(value: unknown): ZarrType {
  if (typeof value === 'string' && Object.hasOwn(types, value)) return value as ZarrType
  throw new ZarrProblem(`its data_type is ${shown(value)}; known: ${known(types)}`)
}

function fillOf(value: unknown): number {
  if (value === null || value === undefined) return 0
  if (typeof value === 'number') return value
  throw new ZarrProblem(`its fill_value is ${shown(value)}; it must be a number`)
}

function checkOneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (allowed.includes(value)) return
  const names = allowed.filter((each) => each !== undefined).map((each) => `'${String(each)}'`)
  throw new ZarrProblem(`its ${name} is ${shown(value)}; known: ${names.join(', ')}`)
}

interface CodecRecord {
  name: string
  configuration: Json
}

function codecsOf(value: unknown): CodecRecord[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > 8)
    throw new ZarrProblem(`its codecs are ${shown(value)}; they must be a list`)
  return value.map((each) => ({
    name: String(object(each).name),
    configuration: object(object(each).configuration),
  }))
}

const compressions = ['blosc', 'lz4', 'zstd', 'gzip', 'zlib']

/** That values become bytes first, which are then compressed at most once. */
function checkCodecs(
  codecs: readonly CodecRecord[],
  names: readonly string[] = ['bytes', 'crc32c', ...compressions],
): void {
  const plain = codecs.map(({ name }) => name.replace(/^numcodecs\./, ''))
  for (const name of plain) checkOneOf('codec', name, names)
  if (plain[0] !== 'bytes' || plain.lastIndexOf('bytes') > 0)
    throw new ZarrProblem(`its codecs are ${plain.join(', ')}; bytes must be the first, and only once`)
  checkOneOf('endian', codecs[0].configuration.endian, ['little', 'big', undefined])
  if (plain.filter((name) => compressions.includes(name)).length > 1)
    throw new ZarrProblem(`its chunks are compressed twice: ${plain.join(', ')}`)
  if (plain.filter((name) => name === 'crc32c').length > 1)
    throw new ZarrProblem(`its chunks have two checksums: ${plain.join(', ')}`)
}
