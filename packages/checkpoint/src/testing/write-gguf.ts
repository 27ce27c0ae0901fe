import type { PlainTensors } from '@ttt-e2e/tensor-ops'

export type GgufValue = string | number | boolean | string[] | number[]

/** A GGUF file of float32 tensors; numbers are uint32, or float32 where they aren't whole. */
export function writeGguf(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: PlainTensors,
  { version = 3 }: { version?: number } = {},
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
  u32(0x46554747)
  u32(version)
  u64(Object.keys(tensors).length)
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
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    text(name)
    u32(shape.length)
    for (const size of shape.toReversed()) u64(size)
    u32(0)
    u64(offset)
    offset += padded(values.byteLength)
  }
  const start = padded(bytes.length)
  const file = new Uint8Array(start + offset)
  file.set(bytes)
  let at = start
  for (const { values } of Object.values(tensors)) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at)
    at += padded(values.byteLength)
  }
  return file
}
