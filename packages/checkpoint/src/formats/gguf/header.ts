import type { ByteSource } from '@ttt-e2e/tensor-ops'
import { blockTypes, type BlockType } from './block-types'
import { Cursor, NeedsMore, Unreadable } from './cursor'
import { readMetadata, type Metadata } from './metadata'

export interface GgufTensor {
  type: BlockType
  /** Row-major, as everywhere here: the file has the last axis first. */
  shape: number[]
  /** First byte and the one after the last, from the file's beginning. */
  place: [number, number]
}

/** What a GGUF file says of itself, and everything that is wrong with that. */
export interface GgufHeader {
  metadata: Metadata
  tensors: Map<string, GgufTensor>
  problems: string[]
}

/** Bytes read at first; twice as many each time where the header is longer. */
const firstRead = 2 ** 16

/**
 * Reads and checks the header of a GGUF file (versions 2 and 3, little-endian), down to every tensor's place. Reads nothing
 * else of the file; what it claims is held against the file's size before anything is made for it.
 */
export async function readGgufHeader(file: ByteSource): Promise<GgufHeader> {
  for (let size = Math.min(firstRead, file.size); ; size = Math.min(2 * size, file.size)) {
    try {
      return parse(new Cursor(await file.read(0, size), file.size), file.size)
    } catch (error) {
      if (error instanceof NeedsMore && size < file.size) continue
      if (!(error instanceof Unreadable)) throw error
      return { metadata: new Map(), tensors: new Map(), problems: [error.message] }
    }
  }
}

export const ggufMagic = 0x46554747

function parse(cursor: Cursor, fileSize: number): GgufHeader {
  if (fileSize < 24) throw new Unreadable(`a GGUF file has at least 24 bytes, this one has ${fileSize}`)
  if (cursor.u32('its magic') !== ggufMagic) throw new Unreadable("it doesn't begin with GGUF")
  const version = cursor.u32('its version')
  if (version !== 2 && version !== 3)
    throw new Unreadable(
      version > 0xffff
        ? 'it is big-endian; only little-endian files can be read'
        : `it is of version ${version}; only 2 and 3 can be read`,
    )
  const tensorCount = cursor.u64('the count of its tensors')
  const metadataCount = cursor.u64('the count of its metadata')
  checkCount(cursor, 'tensors', tensorCount, 24)
  checkCount(cursor, 'metadata', metadataCount, 13)
  const metadata = readMetadata(cursor, metadataCount)
  const problems: string[] = []
  const tensors = new Map<string, GgufTensor>()
  for (let i = 0; i < tensorCount; i++) {
    const name = cursor.text(`the name of tensor ${i}`)
    if (tensors.has(name)) throw new Unreadable(`it has '${name}' twice`)
    const tensor = readTensor(cursor, name)
    if (typeof tensor === 'string') problems.push(tensor)
    else tensors.set(name, tensor)
  }
  const alignment = metadata.get('general.alignment') ?? 32
  if (typeof alignment !== 'number' || !Number.isInteger(Math.log2(alignment)) || alignment > 2 ** 20)
    throw new Unreadable(`general.alignment is ${String(alignment)}; it must be a power of two`)
  const dataStart = Math.ceil(cursor.at / alignment) * alignment
  for (const [name, { place }] of tensors) {
    if (place[0] % alignment !== 0) problems.push(`'${name}' doesn't begin at a multiple of ${alignment}`)
    place[0] += dataStart
    place[1] += dataStart
    if (place[1] > fileSize) problems.push(`'${name}' ends at byte ${place[1]}, the file has ${fileSize}`)
  }
  checkOverlaps(tensors, problems)
  return { metadata, tensors, problems }
}

function checkCount(cursor: Cursor, what: string, count: number, least: number): void {
  if (count * least > cursor.left)
    throw new Unreadable(`it claims ${count} ${what}, the file has ${cursor.left} bytes more`)
}

function readTensor(cursor: Cursor, name: string): GgufTensor | string {
  const axes = cursor.u32(`the axes of '${name}'`)
  if (axes > 4) throw new Unreadable(`'${name}' claims ${axes} axes; it may have 4`)
  const shape = Array.from({ length: axes }, () => cursor.u64(`the shape of '${name}'`)).toReversed()
  const number = cursor.u32(`the type of '${name}'`)
  const offset = cursor.u64(`the place of '${name}'`)
  const type = blockTypes.get(number)
  if (!type) {
    const known = [...blockTypes.values()].map((each) => each.name).join(', ')
    return `'${name}' is of type ${number}; known: ${known}`
  }
  const values = shape.reduce((a, b) => a * b, 1)
  if (!Number.isSafeInteger(values) || !Number.isSafeInteger(offset + values * 4))
    return `'${name}' [${shape.join(', ')}] is larger than any file`
  const row = shape.at(-1) ?? 1
  if (row % type.values !== 0)
    return `'${name}' has rows of ${row} values, which blocks of ${type.values} (${type.name}) don't fill`
  return { type, shape, place: [offset, offset + (values / type.values) * type.bytes] }
}

function checkOverlaps(tensors: ReadonlyMap<string, GgufTensor>, problems: string[]): void {
  let reached = 0
  const byPlace = [...tensors].sort(([, a], [, b]) => a.place[0] - b.place[0] || a.place[1] - b.place[1])
  for (const [name, { place }] of byPlace) {
    if (place[0] < reached) problems.push(`'${name}' overlaps the tensor before it`)
    reached = Math.max(reached, place[1])
  }
}
