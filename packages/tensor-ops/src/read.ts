import { tf, type Tensor } from './tf'
import { treeLeaves, type TensorTree } from './tree'

/** The values of a tree of float32 tensors, in its form. */
export type ValuesOf<T> = T extends Tensor
  ? Float32Array
  : T extends readonly (infer E)[]
    ? ValuesOf<E>[]
    : { [K in keyof T]: ValuesOf<T[K]> }

export type TensorValues = Float32Array | Int32Array | Uint8Array

let count = 0

/** How many times values were read back so far: a `read` of many tensors counts once, one of none doesn't. */
export const readBacks = (): number => count

/**
 * Reads float32 tensors back, all in one go: what was computed so far is waited for once. The one way from tensors to
 * values when training, reading and serving: an engine may run behind, so that each read is a stall, or unable to read
 * without waiting. Not to be written to: an engine may give out what it holds itself.
 */
export async function read<T extends TensorTree>(tree: T): Promise<ValuesOf<T>> {
  const values = await readTensors(treeLeaves(tree))
  let next = 0
  const walk = (node: TensorTree): unknown => {
    if (node instanceof tf.Tensor) return values[next++]
    if (Array.isArray(node)) return (node as TensorTree[]).map(walk)
    const branches = Object.entries(node).filter((entry) => entry[1] !== undefined)
    return Object.fromEntries(branches.map(([name, child]) => [name, walk(child as TensorTree)]))
  }
  return walk(tree) as ValuesOf<T>
}

/** What an engine may offer beside tfjs's own: it puts a tensor's values into arrays, one after another. */
interface Filling {
  readInto?(id: object, parts: readonly Float32Array[]): void
}

/**
 * Reads float32 tensors back as `read` does, into arrays of the caller's: those of a tensor get its values one after another.
 * Where the engine can, no array is made for them: large ones cost more to make than to fill.
 *
 * @param parts of each tensor, as long as it is, together
 */
export async function readInto(
  tensors: readonly Tensor[],
  parts: readonly (readonly Float32Array[])[],
): Promise<void> {
  const backend = tf.backend() as Filling
  if (backend.readInto) {
    count++
    tensors.forEach(({ dataId }, i) => backend.readInto!(dataId, parts[i]))
    return
  }
  const values = await readTensors(tensors)
  parts.forEach((each, i) => {
    let end = 0
    for (const part of each) part.set(values[i].subarray(end, (end += part.length)))
  })
}

/** The values of tensors of any type, in one go; see `read`. */
export async function readTensors(tensors: readonly Tensor[]): Promise<TensorValues[]> {
  if (tensors.length === 0) return []
  count++
  return Promise.all(tensors.map((tensor) => tensor.data() as Promise<TensorValues>))
}
