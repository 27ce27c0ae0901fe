import { openZarrArray, ZarrProblem, type ZarrArray } from '@ttt-e2e/data'
import type { PlainTensor, WeightSource } from '@ttt-e2e/tensor-ops'
import { CheckpointError } from '../../checkpoint-error'
import type { ModelFolder } from '../../folders/model-folder'
import { openOcdbt } from './ocdbt/store'

/** The arrays of one item of a checkpoint, by their flat names. */
export interface OrbaxArrays extends WeightSource {
  /** Bytes that they take there. */
  bytes: number
}

const description = '/.zarray'
const types: Readonly<Record<string, string>> = { float32: 'F32', int32: 'I32' }

/**
 * The arrays of an item (`model_weights`, `opt_state`) of Orbax: zarr in OCDBT. Each is read when it is asked for.
 *
 * @returns undefined where the checkpoint has no such item
 * @throws CheckpointError for a store that makes no sense
 */
export async function orbaxArrays(folder: ModelFolder, item: string): Promise<OrbaxArrays | undefined> {
  const opened = await openOcdbt(folder, item)
  if (!opened) return undefined
  const { sizes, store } = opened
  const arrays = new Map<string, ZarrArray>()
  const problems: string[] = []
  const perArray = new Map<string, number>()
  for (const key of sizes.keys()) {
    const name = key.slice(0, key.lastIndexOf('/'))
    perArray.set(name, (perArray.get(name) ?? 0) + 1)
  }
  for (const key of sizes.keys()) {
    if (!key.endsWith(description)) continue
    const name = key.slice(0, -description.length)
    try {
      const array = (await openZarrArray(store, `/${name}`))!
      const stored = chunkCount(array)
      const found = perArray.get(name)! - 1
      if (found === stored) arrays.set(name, array)
      else problems.push(`'${name}' [${array.shape.join(', ')}] has ${found} of its ${stored} chunks`)
    } catch (error) {
      if (!(error instanceof ZarrProblem)) throw error
      problems.push(`'${name}': ${error.message}`)
    }
  }
  return {
    shapes: new Map(
      [...arrays].map(([name, { shape, type }]) => [name, { shape, dtype: types[type] ?? type }]),
    ),
    problems,
    bytes: [...sizes.values()].reduce((a, b) => a + b, 0),
    async read(name) {
      try {
        return await readWhole(arrays.get(name)!)
      } catch (error) {
        if (!(error instanceof ZarrProblem)) throw error
        throw new CheckpointError(folder.name, [`${item}: '${name}': ${error.message}`])
      }
    },
  }
}

const gridOf = ({ shape, chunkShape }: ZarrArray) =>
  shape.map((size, axis) => Math.ceil(size / chunkShape[axis]))
const chunkCount = (array: ZarrArray) => gridOf(array).reduce((a, b) => a * b, 1)

/** All chunks of an array side by side. @throws ZarrProblem for one that isn't stored or isn't sound */
async function readWhole(array: ZarrArray): Promise<PlainTensor> {
  const { shape, chunkShape, type } = array
  const grid = gridOf(array)
  const isOne = chunkShape.join() === shape.join()
  const count = shape.reduce((a, b) => a * b, 1)
  let values: Float32Array | Int32Array | undefined
  for (let number = 0; number < chunkCount(array); number++) {
    const at = coordinates(number, grid)
    const chunk = await array.readChunk(at)
    if (!chunk) throw new ZarrProblem(`its chunk ${at.join('.')} isn't stored`)
    // Only now: as many values as a shape claims are made once a first chunk was as long as it should be.
    values ??= type === 'int32' ? new Int32Array(count) : new Float32Array(count)
    if (isOne) values.set(chunk)
    else placeChunk(chunk, chunkShape, at, values, shape)
  }
  return { shape: [...shape], values: values ?? new Float32Array(count) }
}

function coordinates(number: number, sizes: readonly number[]): number[] {
  const at: number[] = []
  for (const size of sizes.toReversed()) {
    at.unshift(number % size)
    number = Math.floor(number / size)
  }
  return at
}

/** Copies a chunk's rows, as far as they lie within the array. */
function placeChunk(
  chunk: ArrayLike<number>,
  chunkShape: readonly number[],
  at: readonly number[],
  values: Float32Array | Int32Array,
  shape: readonly number[],
): void {
  const width = chunkShape.at(-1) ?? 1
  for (let row = 0; row * width < chunk.length; row++) {
    const within = coordinates(row * width, chunkShape)
    const place = within.map((index, axis) => index + at[axis] * chunkShape[axis])
    if (place.some((index, axis) => index >= shape[axis])) continue
    const start = place.reduce((sum, index, axis) => sum * shape[axis] + index, 0)
    const length = Math.min(width, (shape.at(-1) ?? 1) - (place.at(-1) ?? 0))
    for (let i = 0; i < length; i++) values[start + i] = chunk[row * width + i]
  }
}
