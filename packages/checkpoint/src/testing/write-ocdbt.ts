import { crc32c } from '@ttt-e2e/tensor-ops'

/** A number in sevens of bits. */
export function varint(value: number): number[] {
  const bytes: number[] = []
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80)
  return [...bytes, value]
}
const column = (values: readonly number[]) => values.flatMap(varint)
const ascii = (text: string) => [...Buffer.from(text, 'latin1')]

/** Contents with header and checksum around them, not compressed. */
export function frame(magic: number, body: readonly number[], version = 0, compression = 0): Uint8Array {
  const bytes = new Uint8Array(4 + 8 + 2 + body.length + 4)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic)
  view.setBigUint64(4, BigInt(bytes.length), true)
  bytes.set([version, compression, ...body], 12)
  view.setUint32(bytes.length - 4, crc32c(bytes.subarray(0, -4)), true)
  return bytes
}

/** A table of files, each of which names its own from its beginning on. */
export const fileTable = (paths: readonly string[]): number[] => [
  ...varint(paths.length),
  ...paths.slice(1).map(() => 0),
  ...column(paths.map(({ length }) => length)),
  ...paths.map(() => 0),
  ...paths.flatMap(ascii),
]

export interface Entry {
  key: string
  length: number
  offset: number
  /** Stands in the node itself. */
  inline?: Uint8Array
}

export const leafBody = (entries: readonly Entry[], files = fileTable(['d/0'])): number[] => {
  const elsewhere = entries.filter(({ inline }) => !inline)
  return [
    0,
    ...files,
    ...varint(entries.length),
    ...entries.slice(1).map(() => 0),
    ...column(entries.map(({ key }) => key.length)),
    ...entries.flatMap(({ key }) => ascii(key)),
    ...column(entries.map(({ length }) => length)),
    ...entries.map(({ inline }) => (inline ? 0 : 1)),
    ...elsewhere.map(() => 0),
    ...column(elsewhere.map(({ offset }) => offset)),
    ...entries.flatMap(({ inline }) => [...(inline ?? [])]),
  ]
}

export interface Child {
  key: string
  common: number
  offset: number
  length: number
}

export const interiorBody = (children: readonly Child[], height = 1): number[] => [
  height,
  ...fileTable(['d/0']),
  ...varint(children.length),
  ...children.slice(1).map(() => 0),
  ...column(children.map(({ key }) => key.length)),
  ...column(children.map(({ common }) => common)),
  ...children.flatMap(({ key }) => ascii(key)),
  ...children.map(() => 0),
  ...column(children.map(({ offset }) => offset)),
  ...column(children.map(({ length }) => length)),
  ...children.flatMap(() => [1, 1, 1]),
]

/** What a manifest says after its files: of its versions the last, where the tree begins. */
export const manifestBody = (
  offset: number,
  length: number,
  { height = 0, kind = 0, files = fileTable(['d/0']), versions = [1] } = {},
): number[] => [
  ...Array.from({ length: 16 }, (_, i) => i),
  kind,
  ...varint(1024),
  ...varint(100_000_000),
  4,
  0,
  ...files,
  ...varint(versions.length),
  ...column(versions),
  ...versions.map(() => height),
  ...versions.map(() => 0),
  ...versions.flatMap(() => varint(offset)),
  ...versions.flatMap(() => varint(length)),
  ...versions.flatMap(() => [1, 1, 1]),
  ...versions.flatMap(() => Array<number>(8).fill(0)),
  0,
]

export const magic = { manifest: 0x0cdb3a2a, node: 0x0cdb20de }

/** An item of Orbax: its values, then two leaves and what is above them, or one leaf alone, in one file. */
export function ocdbtItem(
  values: Readonly<Record<string, Uint8Array>>,
  { leaves = 2 }: { leaves?: 1 | 2 } = {},
): Record<string, Uint8Array> {
  const keys = Object.keys(values).sort()
  let at = 0
  const parts: Uint8Array[] = []
  const add = (bytes: Uint8Array) => {
    parts.push(bytes)
    at += bytes.length
    return at - bytes.length
  }
  const entries = keys.map((key): Entry => {
    const bytes = values[key]
    const length = bytes.length
    return key.endsWith('.zarray')
      ? { key, length, offset: 0, inline: bytes }
      : { key, length, offset: add(bytes) }
  })
  const root = leaves === 1 ? frame(magic.node, leafBody(entries)) : frame(magic.node, interiorBody(halves()))
  const offset = add(root)
  return {
    'manifest.ocdbt': frame(magic.manifest, manifestBody(offset, root.length, { height: leaves - 1 })),
    'd/0': Buffer.concat(parts),
  }

  function halves(): Child[] {
    const middle = Math.ceil(entries.length / 2)
    return [entries.slice(0, middle), entries.slice(middle)].map((part) => {
      const node = frame(magic.node, leafBody(part.map((entry) => ({ ...entry, key: entry.key.slice(1) }))))
      return { key: part[0].key, common: 1, offset: add(node), length: node.length }
    })
  }
}

/** An array's description and its chunks, not compressed, as zarr in a store has them. */
export function zarrEntries(
  name: string,
  shape: readonly number[],
  values: Float32Array | Int32Array,
  change: object = {},
): Record<string, Uint8Array> {
  const description = {
    zarr_format: 2,
    shape,
    chunks: shape,
    dtype: values instanceof Float32Array ? '<f4' : '<i4',
    compressor: null,
    fill_value: null,
    filters: null,
    order: 'C',
    dimension_separator: '.',
    ...change,
  }
  return {
    [`${name}/.zarray`]: new TextEncoder().encode(JSON.stringify(description)),
    [`${name}/${shape.map(() => 0).join('.') || '0'}`]: new Uint8Array(values.buffer),
  }
}
