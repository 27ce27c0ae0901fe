import { UserError } from '@ttt-e2e/tensor-ops'
import { open, root, type AsyncReadable } from 'zarrita'
import { parseV2, parseV3, ZarrProblem, type ArrayMetadata } from './array-metadata'
import { registerDecompressions } from './codecs'

/** Where the parts of arrays lie, by keys that begin with a slash: a folder, a key-value store. */
export type ZarrStore = Required<AsyncReadable>

/** An array whose chunks are read when they are asked for. */
export interface ZarrArray extends ArrayMetadata {
  /**
   * @param at the chunk's place in the grid of chunks
   * @returns its values, row-major, all of `chunkShape` also at the array's end; undefined where none are stored
   * @throws ZarrProblem for one that can't be what the array says; what the store throws for people
   */
  readChunk(at: readonly number[]): Promise<ArrayLike<number> | undefined>
}

/**
 * Opens an array of zarr, version 3 or 2. Reads its description and nothing else.
 *
 * @param path of the array in the store: `/train`
 * @returns undefined where no array is
 * @throws ZarrProblem for a description that makes no sense, or of what can't be read
 */
export async function openZarrArray(store: ZarrStore, path: string): Promise<ZarrArray | undefined> {
  registerDecompressions()
  const metadata = await readMetadata(store, path)
  if (!metadata) return undefined
  const stored = new StoredOnly(store)
  const openAs = metadata.version === 3 ? open.v3 : open.v2
  const location = locationOf(stored, path)
  const array = await openAs(location, { kind: 'array' }).catch((error: unknown) => {
    // It knows fewer types than there are where JavaScript has no float16.
    throw error instanceof UserError ? error : new ZarrProblem(causeOf(error))
  })
  stored.isStrict = true
  const count = metadata.chunkShape.reduce((a, b) => a * b, 1)
  return {
    ...metadata,
    async readChunk(at) {
      try {
        const { data } = await array.getChunk([...at])
        const values = data as ArrayLike<number>
        if (values.length === count) return values
        throw new ZarrProblem(`it has ${values.length} values; the array's chunks have ${count}`)
      } catch (error) {
        if (error instanceof NothingStored) return undefined
        if (error instanceof UserError || error instanceof ZarrProblem) throw error
        throw new ZarrProblem(causeOf(error))
      }
    },
  }
}

/** zarrita takes a path for a URL's, of which it may make another. @throws ZarrProblem for such a one */
function locationOf(store: ZarrStore, path: string) {
  try {
    const location = root(store).resolve(path)
    if (location.path === path) return location
    throw new ZarrProblem(`its name is no path, which would be '${location.path}'`)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    throw new ZarrProblem('its name is no path: a % in it begins no character')
  }
}

async function readMetadata(store: ZarrStore, path: string): Promise<ArrayMetadata | undefined> {
  const v3 = await store.get(`${path}/zarr.json` as `/${string}`)
  if (v3) return parseV3(v3)
  const v2 = await store.get(`${path}/.zarray` as `/${string}`)
  return v2 && parseV2(v2)
}

/** zarrita tells which step failed; why stands below. */
function causeOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? causeOf(cause) : message
}

class NothingStored extends Error {}

/** A store that says of a chunk that it isn't there, before a whole one is made in its place. */
class StoredOnly implements ZarrStore {
  isStrict = false

  constructor(private readonly store: ZarrStore) {}

  async get(...[key, options]: Parameters<ZarrStore['get']>): Promise<Uint8Array | undefined> {
    return this.found(await this.store.get(key, options))
  }

  async getRange(...[key, range, options]: Parameters<ZarrStore['getRange']>) {
    return this.found(await this.store.getRange(key, range, options))
  }

  private found(bytes: Uint8Array | undefined): Uint8Array | undefined {
    if (bytes === undefined && this.isStrict) throw new NothingStored()
    return bytes
  }
}
