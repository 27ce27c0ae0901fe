import { problemList } from './problem-list'
import { UserError } from './user-error'
import { float16Values } from './float16'
import { readTensors } from './read'
import type { ByteSource } from './byte-source'
import { duplicateKey } from './duplicate-key'
import { tf, type Tensor } from './tf'

/** A tensor as plain data; `values` are float32 (also for F64, F16 and BF16 in the file), int32 or uint8. */
export interface PlainTensor {
  shape: number[]
  values: Float32Array | Int32Array | Uint8Array
}
export type PlainTensors = Record<string, PlainTensor>

/** A file that isn't sound; the message says what is wrong with it, `problems` all of that. */
export class SafetensorsError extends UserError {
  override readonly name = 'SafetensorsError'
  override readonly code = 'invalid_safetensors'

  constructor(readonly problems: readonly string[]) {
    super(problemList(problems))
  }
}

const bytesPer = { F32: 4, F64: 8, F16: 2, BF16: 2, I32: 4, U8: 1 } as const
export type FileType = keyof typeof bytesPer

/** What a safetensors file says of its tensors, and everything that is wrong with it. */
export interface SafetensorsHeader {
  entries: Map<string, SafetensorsEntry>
  metadata: Record<string, string>
  problems: string[]
}

export interface SafetensorsEntry {
  dtype: FileType
  shape: number[]
  /** First byte and the one after the last, from the file's beginning. */
  place: [number, number]
}

/** Reads and checks the header of a safetensors file, down to every tensor's place; never throws. */
export function readSafetensorsHeader(bytes: Uint8Array): SafetensorsHeader {
  const length = headerLength(bytes, bytes.length)
  return typeof length === 'string'
    ? { entries: new Map(), metadata: {}, problems: [length] }
    : checkHeader(bytes.subarray(8, 8 + length), bytes.length)
}

/** The same of a file that is read by range, of which only the header is read. */
export async function readSafetensorsHeaderFrom(file: ByteSource): Promise<SafetensorsHeader> {
  const length = headerLength(await file.read(0, Math.min(8, file.size)), file.size)
  return typeof length === 'string'
    ? { entries: new Map(), metadata: {}, problems: [length] }
    : checkHeader(await file.read(8, 8 + length), file.size)
}

function checkHeader(text: Uint8Array, fileEnd: number): SafetensorsHeader {
  const header: SafetensorsHeader = { entries: new Map(), metadata: {}, problems: [] }
  const { entries, problems } = header
  const dataStart = 8 + text.length
  const json = parseHeader(text)
  if (typeof json === 'string') {
    problems.push(json)
    return header
  }
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') {
      if (isRecord(value) && Object.values(value).every((each) => typeof each === 'string'))
        header.metadata = value as Record<string, string>
      else problems.push('its __metadata__ is not an object of strings')
      continue
    }
    const entry = checkEntry(name, value, dataStart)
    if (typeof entry === 'string') problems.push(entry)
    else entries.set(name, entry)
  }
  checkPlaces(entries, dataStart, fileEnd, problems)
  return header
}

/**
 * Reads a safetensors file. F32, I32 and U8 stay as they are; F64 is rounded, F16 and BF16 widened to float32.
 *
 * @throws SafetensorsError listing everything by which it isn't sound
 */
export function decodeSafetensors(bytes: Uint8Array): {
  tensors: PlainTensors
  metadata: Record<string, string>
} {
  const { entries, metadata, problems } = readSafetensorsHeader(bytes)
  if (problems.length > 0) throw new SafetensorsError(problems)
  // As entries, so that no name, `__proto__` included, is anything but a name.
  const tensors: PlainTensors = Object.fromEntries(
    [...entries].map(([name, { dtype, shape, place }]) => {
      const values = decodeValues(dtype, new Uint8Array(bytes.subarray(...place)))
      return [name, { shape, values }]
    }),
  )
  return { tensors, metadata }
}

/** As the format has it: what claims more is no header. */
const longestHeader = 100_000_000

/** How many bytes the header has, or what is wrong with that. @param start the file's first 8 bytes */
function headerLength(start: Uint8Array, fileEnd: number): number | string {
  if (fileEnd < 8) return `a safetensors file has at least 8 bytes, this one has ${fileEnd}`
  const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true)
  // What another format begins with would be a length beyond any file's.
  if (length > BigInt(fileEnd - 8)) {
    const other = otherFormats.find(([beginning]) =>
      beginning.test(String.fromCharCode(...start.subarray(0, 8))),
    )
    if (other) return `it is ${other[1]}, not a safetensors file; ${other[2]}`
    return `its header claims ${length} bytes, the file has ${fileEnd - 8} after its length`
  }
  if (length > longestHeader) return `its header claims ${length} bytes; it may have ${longestHeader}`
  return Number(length)
}

/** What is often given in place of a safetensors file, by its first bytes. */
const otherFormats: readonly (readonly [beginning: RegExp, name: string, advice: string])[] = [
  [/^PK/, 'a PyTorch checkpoint, or another zip archive', 'save its tensors as safetensors'],
  [/^\x80.[}\x8a\x95cX(]/s, 'a Python pickle, as PyTorch wrote them', 'save its tensors as safetensors'],
  [
    /^\s*<(!|html|head|\?xml)/i,
    'a web page',
    'the download gave a page in its place: download the file itself',
  ],
  [/^version /, 'a Git LFS pointer', 'fetch what it stands for: git lfs pull'],
  [/^GGUF/, 'a GGUF file', 'name it .gguf'],
  [/^[^ -~]\x8b/, 'gzip data', 'decompress it, as with gunzip'],
  [/^\x93NUMPY/, 'a NumPy array', 'save its tensors as safetensors'],
  [/^\s*\{"/, 'JSON', 'the download may have given an answer in its place: download the file itself'],
  [/^\x89HDF\r\n/, 'an HDF5 file', 'save its tensors as safetensors'],
]

/** @returns the object, or what is wrong with it */
function parseHeader(bytes: Uint8Array): Record<string, unknown> | string {
  if (bytes.length > 0 && /\s/.test(String.fromCharCode(bytes[0])))
    return 'its header begins with white space; it must begin with {, and spaces may only follow it'
  let text: string
  let json: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    json = JSON.parse(text)
  } catch {
    return 'its header is not a JSON object'
  }
  if (!isRecord(json)) return 'its header is not a JSON object'
  const twice = duplicateKey(text)
  return twice === undefined ? json : `its header has the key '${twice}' twice`
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const areCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0)

function checkEntry(name: string, value: unknown, dataStart: number): SafetensorsEntry | string {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {}
  if (typeof dtype !== 'string' || !Object.hasOwn(bytesPer, dtype))
    return `'${name}' has type ${JSON.stringify(dtype)}; known: ${Object.keys(bytesPer).join(', ')}`
  if (!areCounts(shape)) return `'${name}' has no valid shape`
  if (!areCounts(offsets) || offsets.length !== 2) return `'${name}' has no valid data_offsets`
  const size = shape.reduce((a, b) => a * b, 1) * bytesPer[dtype as FileType]
  if (offsets[1] - offsets[0] !== size)
    return `'${name}' [${shape.join(', ')}] ${dtype} needs ${size} bytes, its offsets give ${offsets[1] - offsets[0]}`
  return { dtype: dtype as FileType, shape, place: [dataStart + offsets[0], dataStart + offsets[1]] }
}

/** Tensors must follow each other without overlap or gap, from the data's first byte to its last. */
function checkPlaces(
  entries: SafetensorsHeader['entries'],
  dataStart: number,
  fileEnd: number,
  problems: string[],
): void {
  // Where an entry couldn't be read, its bytes look unused.
  const sound = problems.length === 0
  let reached = dataStart
  const places = [...entries].map(([name, { place }]) => ({ name, start: place[0], end: place[1] }))
  for (const { name, start, end } of places.sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < reached) problems.push(`'${name}' overlaps the tensor before it`)
    else if (start > reached && sound)
      problems.push(`there are ${start - reached} unused bytes before '${name}'`)
    if (end > fileEnd)
      problems.push(`'${name}' ends at byte ${end - dataStart}, the file's data has ${fileEnd - dataStart}`)
    reached = Math.max(reached, end)
  }
  if (sound && reached < fileEnd)
    problems.push(`there are ${fileEnd - reached} unused bytes after the last tensor`)
}

/** @param bytes the values' own: arrays are views on them */
export function decodeValues(dtype: FileType, bytes: Uint8Array<ArrayBuffer>): PlainTensor['values'] {
  switch (dtype) {
    case 'F32':
      return new Float32Array(bytes.buffer)
    case 'F64':
      return Float32Array.from(new Float64Array(bytes.buffer))
    case 'I32':
      return new Int32Array(bytes.buffer)
    case 'U8':
      return bytes
    case 'F16':
      return float16Values(new Uint16Array(bytes.buffer))
    case 'BF16': {
      const halves = new Uint16Array(bytes.buffer)
      const words = Uint32Array.from(halves, (half) => half << 16)
      return new Float32Array(words.buffer)
    }
  }
}

const typeOf = (values: PlainTensor['values']): FileType =>
  values instanceof Float32Array ? 'F32' : values instanceof Int32Array ? 'I32' : 'U8'

/** Writes a safetensors file: float32 as F32, int32 as I32, uint8 as U8; tensors in the order given. */
export function encodeSafetensors(tensors: PlainTensors, metadata: Record<string, string> = {}): Uint8Array {
  const entries = Object.entries(tensors)
  const header = encodeSafetensorsHeader(
    entries.map(([name, { shape, values }]) => ({ name, shape, dtype: typeOf(values) })),
    metadata,
  )
  const file = new Uint8Array(entries.reduce((sum, [, { values }]) => sum + values.byteLength, header.length))
  file.set(header)
  let position = header.length
  for (const [, { values }] of entries) {
    file.set(bytesOf(values), position)
    position += values.byteLength
  }
  return file
}

/** The first bytes of a safetensors file, up to its first tensor's; those of the tensors follow in the order given. */
export function encodeSafetensorsHeader(
  tensors: Iterable<{ name: string; shape: readonly number[]; dtype: FileType }>,
  metadata: Record<string, string> = {},
): Uint8Array {
  const header: [name: string, value: unknown][] =
    Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : []
  let offset = 0
  for (const { name, shape, dtype } of tensors) {
    const end = offset + shape.reduce((a, b) => a * b, 1) * bytesPer[dtype]
    header.push([name, { dtype, shape, data_offsets: [offset, end] }])
    offset = end
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const padded = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(8 + padded)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true)
  bytes.fill(0x20, 8)
  bytes.set(json, 8)
  return bytes
}

/** A tensor's values as they stand in a file; a view. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: PlainTensor['values']): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Reads named tensors back, in one go; float32 and int32 only. Not to be written to, see `read`. */
export async function toPlainTensors(entries: Iterable<readonly [string, Tensor]>): Promise<PlainTensors> {
  const named = [...entries]
  const values = await readTensors(named.map(([, tensor]) => tensor))
  return Object.fromEntries(named.map(([name, { shape }], i) => [name, { shape, values: values[i] }]))
}

/** Uploads one plain tensor; uint8 becomes int32. */
export function fromPlainTensor({ shape, values }: PlainTensor): Tensor {
  return values instanceof Float32Array
    ? tf.tensor(values, shape, 'float32')
    : tf.tensor(values instanceof Int32Array ? values : Int32Array.from(values), shape, 'int32')
}
