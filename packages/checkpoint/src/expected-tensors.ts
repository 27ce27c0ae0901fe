import { decodeSafetensors, readSafetensorsHeader, type PlainTensors } from '@ttt-e2e/tensor-ops'

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
  const header = readSafetensorsHeader(bytes)
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
