import type { PlainTensors } from '@ttt-e2e/tensor-ops'

export type GgufValue = string | number | boolean | string[] | number[]

/** A tensor as it lies in the file: the number of its type, and its blocks. */
export interface RawTensor {
  type: number
  shape: number[]
  bytes: Uint8Array
}

/** A GGUF file of float32 tensors, and of others as they are; numbers are uint32, or float32 where they aren't whole. */
export function writeGguf(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: PlainTensors,
  { version = 3, others = {} }: { version?: number; others?: Readonly<Record<string, RawTensor>> } = {},
): Uint8Array {
  const bytes: number[] = []
  const view = new DataView(new ArrayBuffer(8))
  const put = (count: number) => bytes.push(...new Uint8Array(view.buffer, 0, count))
  const u32 = (value: number) => (view.setUint32(0, value, true), put(4))
  const u64 = (value: number) => (view.setBigUint64(0, BigInt(value), true), put(8))
  const f32 = (value: number) => (view.setFloat32(0, value, true), put(4))
  const text = (value: string) => {
    const encoded = new TextEncoder().encode(value)
    u64(encoded.length)
    for (const byte of encoded) bytes.push(byte)
  }
  const typeOf = (value: GgufValue): number => {
    if (Array.isArray(value)) return 9
    if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? 4 : 6
    return typeof value === 'string' ? 8 : 7
  }
  const one = (type: number, value: string | number | boolean) => {
    if (type === 8) text(value as string)
    else if (type === 7) bytes.push(value ? 1 : 0)
    else (type === 4 ? u32 : f32)(value as number)
  }
  const all: [string, RawTensor][] = [
    ...Object.entries(tensors).map(([name, { shape, values }]): [string, RawTensor] => {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
      return [name, { type: 0, shape: [...shape], bytes }]
    }),
    ...Object.entries(others),
  ]
  u32(0x46554747)
  u32(version)
  u64(all.length)
  u64(Object.keys(metadata).length)
  for (const [key, value] of Object.entries(metadata)) {
    text(key)
    u32(typeOf(value))
    if (!Array.isArray(value)) {
      one(typeOf(value), value)
      continue
    }
    const type = value.every((each) => typeOf(each) === 4)
      ? 4
      : typeOf(value.find((each) => typeOf(each) !== 4)!)
    u32(type)
    u64(value.length)
    for (const each of value) one(type, each)
  }
  let offset = 0
  const padded = (size: number) => Math.ceil(size / 32) * 32
  for (const [
    name,
    {
      type,
      shape,
      bytes: { length },
    },
  ] of all) {
    text(name)
    u32(shape.length)
    for (const size of shape.toReversed()) u64(size)
    u32(type)
    u64(offset)
    offset += padded(length)
  }
  const start = padded(bytes.length)
  const file = new Uint8Array(start + offset)
  file.set(bytes)
  let at = start
  for (const [, tensor] of all) {
    file.set(tensor.bytes, at)
    at += padded(tensor.bytes.length)
  }
  return file
}
