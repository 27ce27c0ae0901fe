import { DataError } from '../../data-error'
import { ZarrProblem } from '../../zarr/array-metadata'
import { openZarrArray, type ZarrArray, type ZarrStore } from '../../zarr/zarr-array'

/** Tokens of any number, one after another, that are read where they are asked for. */
export interface TokenArray {
  /** What to call it in errors. */
  name: string
  length: number
  /** @returns the tokens [from, to), the receiver's own @throws DataError for what can't be read; FileError */
  read(from: number, to: number): Promise<Int32Array>
}

const tokenTypes = ['uint16', 'uint32', 'int32']
/** Values of chunks that are kept after they were decompressed. */
const keptValues = 2 ** 22

/**
 * Opens an array of tokens in zarr, of uint16, uint32 or int32. Chunks that are not stored are the array's fill value.
 *
 * @returns undefined where no array is
 * @throws DataError for an array of anything else
 */
export async function openTokenArray(
  store: ZarrStore,
  path: string,
  name: string,
): Promise<TokenArray | undefined> {
  const array = await inWordsOf(name, () => openZarrArray(store, path))
  if (!array) return undefined
  const { shape, type } = array
  if (shape.length !== 1) throw new DataError(`${name} has ${shape.length} axes; an array of tokens has one`)
  if (!tokenTypes.includes(type))
    throw new DataError(`${name} is of ${type}; an array of tokens is of ${tokenTypes.join(', ')}`)
  const chunks = new KeptChunks(array, name)
  return {
    name,
    length: shape[0],
    async read(from, to) {
      if (!(from >= 0 && from <= to && to <= shape[0]))
        throw new DataError(`${name} has ${shape[0]} tokens; ${from} to ${to} were asked for`)
      const tokens = new Int32Array(to - from)
      const [size] = array.chunkShape
      for (let at = from; at < to;) {
        const index = Math.floor(at / size)
        const end = Math.min(to, (index + 1) * size)
        const values = await chunks.get(index)
        for (let i = at; i < end; i++) tokens[i - from] = checked(values?.[i - index * size] ?? array.fill, i)
        at = end
      }
      return tokens
    },
  }

  function checked(value: number, position: number): number {
    if (value === (value | 0)) return value
    throw new DataError(`${name} has ${value} at position ${position}, which no token can be`)
  }
}

/** The chunks that were read last: neighbouring samples share one. */
class KeptChunks {
  private readonly kept = new Map<number, ArrayLike<number> | undefined>()
  private readonly most: number

  constructor(
    private readonly array: ZarrArray,
    private readonly name: string,
  ) {
    this.most = Math.max(1, Math.floor(keptValues / array.chunkShape[0]))
  }

  async get(index: number): Promise<ArrayLike<number> | undefined> {
    const known = this.kept.has(index)
    const values = known
      ? this.kept.get(index)
      : await inWordsOf(`chunk ${index} of ${this.name}`, () => this.array.readChunk([index]))
    // The last one of a map is the one that came last.
    this.kept.delete(index)
    this.kept.set(index, values)
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= this.most) break
      this.kept.delete(oldest)
    }
    return values
  }
}

/** @throws DataError in place of a ZarrProblem, with what it is about */
async function inWordsOf<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof ZarrProblem)) throw error
    throw new DataError(`${what} can't be read: ${error.message}`)
  }
}
