import { decodeSafetensors, type PlainTensors } from '@ttt-e2e/tensor-ops'

/** What a safetensors file says of its tensors, and everything that is wrong with it. */
export interface TensorHeader {
  entries: Map<string, { dtype: string; shape: number[] }>
  metadata: Record<string, string>
  problems: string[]
}

const bytesPer = new Map([
  ['F32', 4],
  ['I32', 4],
])

/** Reads the header of a safetensors file of float32 and int32 tensors; never throws. */
export function readTensorHeader(bytes: Uint8Array): TensorHeader {
  const header: TensorHeader = { entries: new Map(), metadata: {}, problems: [] }
  const { problems } = header
  const parsed = parse(bytes)
  if (typeof parsed === 'string') {
    problems.push(parsed)
    return header
  }
  const { json, available } = parsed
  const places: { name: string; start: number; end: number }[] = []
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') {
      if (isRecord(value) && Object.values(value).every((each) => typeof each === 'string'))
        header.metadata = value as Record<string, string>
      else problems.push('its __metadata__ is not an object of strings')
      continue
    }
    const entry = checkEntry(name, value)
    if (typeof entry === 'string') problems.push(entry)
    else {
      header.entries.set(name, entry)
      places.push({ name, start: entry.offsets[0], end: entry.offsets[1] })
    }
  }
  checkPlaces(places, available, problems)
  return header
}

/**
 * Reads a file that must hold exactly the expected tensors, float32 and finite; adds to `problems` what doesn't match.
 *
 * @returns the tensors by name, undefined if there were problems
 */
export function readExpectedTensors(
  bytes: Uint8Array,
  expected: ReadonlyMap<string, readonly number[]>,
  problems: string[],
): PlainTensors | undefined {
  const header = readTensorHeader(bytes)
  const found = header.problems
  // Where the header can't be read, that every tensor is missing says nothing more.
  if (header.entries.size > 0 || found.length === 0) {
    for (const [name, shape] of expected) {
      const entry = header.entries.get(name)
      if (!entry) {
        if (!found.some((problem) => problem.startsWith(`'${name}'`))) found.push(`${name} is missing`)
      } else if (entry.shape.join() !== shape.join())
        found.push(`${name} is [${entry.shape.join(', ')}], not [${shape.join(', ')}]`)
      else if (entry.dtype !== 'F32') found.push(`${name} is of type ${entry.dtype}, not F32`)
    }
    for (const name of header.entries.keys())
      if (!expected.has(name)) found.push(`${name} is no tensor of this system`)
  }
  if (found.length > 0) {
    problems.push(...found)
    return undefined
  }
  const { tensors } = decodeSafetensors(bytes)
  const before = problems.length
  for (const [name, { values }] of Object.entries(tensors))
    if (!allFinite(values)) problems.push(`${name} has values that are not finite`)
  return problems.length > before ? undefined : tensors
}

export const allFinite = (values: ArrayLike<number>): boolean => {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false
  return true
}

function parse(bytes: Uint8Array): { json: Record<string, unknown>; available: number } | string {
  if (bytes.length < 8) return `a safetensors file has at least 8 bytes, this one has ${bytes.length}`
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
  if (length > BigInt(bytes.length - 8))
    return `its header claims ${length} bytes, the file has ${bytes.length - 8} after its length`
  const end = 8 + Number(length)
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, end)))
    if (isRecord(json)) return { json, available: bytes.length - end }
  } catch {
    // Said below, in one sentence for both kinds of damage.
  }
  return 'its header is not a JSON object'
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const areCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0)

function checkEntry(name: string, value: unknown) {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {}
  if (typeof dtype !== 'string' || !bytesPer.has(dtype))
    return `'${name}' has type ${JSON.stringify(dtype)}; known: ${[...bytesPer.keys()].join(', ')}`
  if (!areCounts(shape)) return `'${name}' has no valid shape`
  if (!areCounts(offsets) || offsets.length !== 2) return `'${name}' has no valid data_offsets`
  const size = shape.reduce((a, b) => a * b, 1) * bytesPer.get(dtype)!
  if (offsets[1] - offsets[0] !== size)
    return `'${name}' [${shape.join(', ')}] ${dtype} needs ${size} bytes, its offsets give ${offsets[1] - offsets[0]}`
  return { dtype, shape, offsets }
}

/** Tensors must follow each other without overlap or gap, from the data's first byte to its last. */
function checkPlaces(
  places: { name: string; start: number; end: number }[],
  available: number,
  problems: string[],
): void {
  const sound = problems.length === 0
  let reached = 0
  for (const { name, start, end } of places.sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < reached) problems.push(`'${name}' overlaps the tensor before it`)
    else if (start > reached && sound)
      problems.push(`there are ${start - reached} unused bytes before '${name}'`)
    if (end > available) problems.push(`'${name}' ends at byte ${end}, the file's data has ${available}`)
    reached = Math.max(reached, end)
  }
  if (sound && reached < available)
    problems.push(`there are ${available - reached} unused bytes after the last tensor`)
}
