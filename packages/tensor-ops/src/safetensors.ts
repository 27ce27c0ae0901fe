import { tf, type Tensor } from './tf'

/** A tensor as plain data; `values` are float32 (also for F64 and BF16 in the file), int32 or uint8. */
export interface PlainTensor {
  shape: number[]
  values: Float32Array | Int32Array | Uint8Array
}
export type PlainTensors = Record<string, PlainTensor>

export class SafetensorsError extends Error {
  override name = 'SafetensorsError'
}

const bytesPer = { F32: 4, F64: 8, BF16: 2, I32: 4, U8: 1 } as const
type FileType = keyof typeof bytesPer

interface HeaderEntry {
  dtype: string
  shape: number[]
  data_offsets: [number, number]
}

/**
 * Reads a safetensors file. F32, I32 and U8 stay as they are; F64 is rounded and BF16 widened to float32.
 *
 * @throws SafetensorsError if the header isn't sound or a tensor's type, size or place doesn't fit the file
 */
export function decodeSafetensors(bytes: Uint8Array): {
  tensors: PlainTensors
  metadata: Record<string, string>
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 8)
    throw new SafetensorsError(`a safetensors file has at least 8 bytes, this one has ${bytes.length}`)
  const headerLength = Number(view.getBigUint64(0, true))
  if (headerLength > bytes.length - 8)
    throw new SafetensorsError(
      `the header claims ${headerLength} bytes, the file has ${bytes.length - 8} after its length`,
    )
  const header = parseHeader(bytes.subarray(8, 8 + headerLength))
  const data = bytes.subarray(8 + headerLength)
  const { __metadata__: metadata = {}, ...entries } = header
  checkLayout(entries as Record<string, HeaderEntry>, data.length)
  // As entries, so that no name, `__proto__` included, is anything but a name.
  const tensors: PlainTensors = Object.fromEntries(
    Object.entries(entries as Record<string, HeaderEntry>).map(([name, { dtype, shape, data_offsets }]) => {
      const values = decodeValues(dtype as FileType, new Uint8Array(data.subarray(...data_offsets)))
      return [name, { shape, values }]
    }),
  )
  return { tensors, metadata: metadata as Record<string, string> }
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof header === 'object' && header !== null && !Array.isArray(header))
      return header as Record<string, unknown>
  } catch {
    // Said below, in one sentence for both kinds of damage.
  }
  throw new SafetensorsError('the header is not a JSON object')
}

function checkLayout(entries: Record<string, HeaderEntry>, available: number): void {
  let reached = 0
  const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0
  const byPlace = Object.entries(entries).map(([name, entry]) => {
    const { dtype, shape, data_offsets: offsets } = entry ?? {}
    if (!Object.hasOwn(bytesPer, dtype ?? ''))
      throw new SafetensorsError(`'${name}' has type ${dtype}; known: ${Object.keys(bytesPer).join(', ')}`)
    if (!Array.isArray(shape) || !shape.every(isCount))
      throw new SafetensorsError(`'${name}' has no valid shape`)
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
      throw new SafetensorsError(`'${name}' has no valid data_offsets`)
    const size = shape.reduce((a, b) => a * b, 1) * bytesPer[dtype as FileType]
    if (offsets[1] - offsets[0] !== size)
      throw new SafetensorsError(
        `'${name}' [${shape}] ${dtype} needs ${size} bytes, its offsets give ${offsets[1] - offsets[0]}`,
      )
    return { name, offsets }
  })
  byPlace.sort((a, b) => a.offsets[0] - b.offsets[0] || a.offsets[1] - b.offsets[1])
  for (const { name, offsets } of byPlace) {
    if (offsets[0] < reached) throw new SafetensorsError(`'${name}' overlaps the tensor before it`)
    if (offsets[1] > available)
      throw new SafetensorsError(`'${name}' ends at byte ${offsets[1]}, the file's data has ${available}`)
    reached = offsets[1]
  }
}

function decodeValues(dtype: FileType, bytes: Uint8Array): PlainTensor['values'] {
  switch (dtype) {
    case 'F32':
      return new Float32Array(bytes.buffer)
    case 'F64':
      return Float32Array.from(new Float64Array(bytes.buffer))
    case 'I32':
      return new Int32Array(bytes.buffer)
    case 'U8':
      return bytes
    case 'BF16': {
      const halves = new Uint16Array(bytes.buffer)
      const words = Uint32Array.from(halves, (half) => half << 16)
      return new Float32Array(words.buffer)
    }
  }
}

/** Writes a safetensors file: float32 as F32, int32 as I32, uint8 as U8; tensors in the order given. */
export function encodeSafetensors(tensors: PlainTensors, metadata: Record<string, string> = {}): Uint8Array {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {}
  let offset = 0
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    const dtype = values instanceof Float32Array ? 'F32' : values instanceof Int32Array ? 'I32' : 'U8'
    header[name] = { dtype, shape, data_offsets: [offset, offset + values.byteLength] }
    offset += values.byteLength
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const padded = Math.ceil(json.length / 8) * 8
  const file = new Uint8Array(8 + padded + offset)
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true)
  file.fill(0x20, 8, 8 + padded)
  file.set(json, 8)
  let position = 8 + padded
  for (const { values } of Object.values(tensors)) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), position)
    position += values.byteLength
  }
  return file
}

/** Downloads named tensors; float32 and int32 only. */
export function toPlainTensors(entries: Iterable<readonly [string, Tensor]>): PlainTensors {
  return Object.fromEntries(
    [...entries].map(([name, tensor]) => [
      name,
      { shape: tensor.shape, values: tensor.dataSync().slice() as Float32Array },
    ]),
  )
}

/** Uploads one plain tensor; uint8 becomes int32. */
export function fromPlainTensor({ shape, values }: PlainTensor): Tensor {
  return values instanceof Float32Array
    ? tf.tensor(values, shape, 'float32')
    : tf.tensor(values instanceof Int32Array ? values : Int32Array.from(values), shape, 'int32')
}
