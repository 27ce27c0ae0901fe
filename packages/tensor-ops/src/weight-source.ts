import type { ByteSource } from './byte-source'
import {
  decodeValues,
  fromPlainTensor,
  readSafetensorsHeaderFrom,
  SafetensorsError,
  type PlainTensor,
  type SafetensorsHeader,
} from './safetensors'
import { disposeTree, treeEntries, treeWithLeaves, type TensorTree } from './tree'
import type { Tensor } from './tf'

/** Tensors by name, each read when it is asked for. */
export interface WeightSource {
  readonly shapes: ReadonlyMap<string, { readonly shape: readonly number[]; readonly dtype: string }>
  /** What is wrong with the file that they are in; nothing where left out. */
  readonly problems?: readonly string[]
  /** @returns the tensor, the receiver's own */
  read(name: string): Promise<PlainTensor>
}

/** The tensors of a safetensors file, by its header where that was read already. Reads nothing else of it. */
export async function safetensorsSource(
  bytes: ByteSource,
  header?: SafetensorsHeader,
): Promise<WeightSource & { readonly metadata: Readonly<Record<string, string>> }> {
  const { entries, problems, metadata } = header ?? (await readSafetensorsHeaderFrom(bytes))
  return {
    shapes: entries,
    problems,
    metadata,
    async read(name) {
      const entry = entries.get(name)
      if (!entry) throw new SafetensorsError([`there is no tensor '${name}'`])
      return { shape: entry.shape, values: decodeValues(entry.dtype, await bytes.read(...entry.place)) }
    },
  }
}

/** What is wanted of a tree's tensors, by path. */
export type WantedTensors = ReadonlyMap<string, { readonly shape: readonly number[]; readonly dtype: string }>

export const wantedLike = (form: TensorTree): WantedTensors =>
  new Map(
    treeEntries(form).map(([path, { shape, dtype }]) => [
      path,
      { shape, dtype: dtype === 'float32' ? 'F32' : 'I32' },
    ]),
  )

/** Everything by which a source's tensors aren't exactly those wanted. Reads none. */
export function mismatches(wanted: WantedTensors, { shapes, problems = [] }: WeightSource): string[] {
  const found = [...problems]
  // Where the header can't be read, that every tensor is missing says nothing more.
  if (shapes.size === 0 && found.length > 0) return found
  for (const [name, { shape, dtype }] of wanted) {
    const own = shapes.get(name)
    if (!own) {
      if (!found.some((problem) => problem.startsWith(`'${name}'`))) found.push(`${name} is missing`)
    } else if (own.shape.join() !== shape.join())
      found.push(`${name} is [${own.shape.join(', ')}], not [${shape.join(', ')}]`)
    else if (own.dtype !== dtype) found.push(`${name} is of type ${own.dtype}, not ${dtype}`)
  }
  for (const name of shapes.keys()) if (!wanted.has(name)) found.push(`${name} is no tensor of this system`)
  return found
}

/**
 * Loads a tree: parameters, moments, anything whose tensors stand in a source by their paths. Each is uploaded before the
 * next is read, so that there is never more in memory than the tree and one tensor.
 *
 * @param form says what must be there, see `treeForm`; left as it is
 * @throws SafetensorsError listing everything that doesn't match, or every tensor whose values are not finite
 */
export async function loadLike<T extends TensorTree>(form: T, source: WeightSource): Promise<T> {
  const loaded: Tensor[] = []
  try {
    const problems = mismatches(wantedLike(form), source)
    if (problems.length > 0) throw new SafetensorsError(problems)
    for (const [path] of treeEntries(form)) {
      const plain = await source.read(path)
      if (!allFinite(plain.values)) problems.push(`${path} has values that are not finite`)
      loaded.push(fromPlainTensor(plain))
    }
    if (problems.length > 0) throw new SafetensorsError(problems)
    return treeWithLeaves(form, loaded)
  } catch (error) {
    disposeTree(loaded)
    throw error
  }
}

export const allFinite = (values: ArrayLike<number>): boolean => {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false
  return true
}
