import type { ZarrStore } from '@ttt-e2e/data'
import { CheckpointError } from '../../../checkpoint-error'
import type { ModelFolder } from '../../../folders/model-folder'
import { OcdbtProblem } from './bytes'
import { readManifest } from './manifest'
import type { Place } from './places'
import { readTree } from './tree'

/** A key-value store of OCDBT in a folder, as tensorstore writes it. */
export interface OcdbtStore {
  /** The bytes that each key's value takes. */
  sizes: ReadonlyMap<string, number>
  /** For zarr, which begins its keys with a slash. */
  store: ZarrStore
}

const manifestFile = 'manifest.ocdbt'

/**
 * Opens the newest version of a store: its manifest and the nodes of its tree, no values.
 *
 * @param path of the store's folder below `folder`
 * @returns undefined where there is none
 * @throws CheckpointError for one that makes no sense
 */
export async function openOcdbt(folder: ModelFolder, path: string): Promise<OcdbtStore | undefined> {
  const manifest = await folder.open(`${path}/${manifestFile}`)
  if (!manifest) return undefined
  const read = async ({ file, offset, length }: Place) => {
    const bytes = await folder.open(`${path}/${file.path}`)
    if (!bytes) throw new OcdbtProblem(`'${file.path}', which it refers to, is missing`)
    if (offset + length > bytes.size)
      throw new OcdbtProblem(
        `bytes ${offset} to ${offset + length} of '${file.path}' are referred to, it has ${bytes.size}`,
      )
    return bytes.read(offset, offset + length)
  }
  const told = async <T>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof OcdbtProblem)) throw error
      throw new CheckpointError(folder.name, [`${path}/${manifestFile}: ${error.message}`])
    }
  }
  const values = await told(async () => {
    if (manifest.size > mostManifest)
      throw new OcdbtProblem(`it has ${manifest.size} bytes; a manifest has at most ${mostManifest}`)
    return readTree(readManifest(await manifest.read(0, manifest.size)), read)
  })
  const get = async (key: string) => {
    const value = values.get(key.slice(1))
    return value instanceof Uint8Array || value === undefined ? value : told(() => read(value))
  }
  return {
    sizes: new Map([...values].map(([key, value]) => [key, value.length])),
    store: {
      get,
      // Of sharded arrays alone, which Orbax doesn't write here. Copies: their indices are read as numbers of 8 bytes.
      getRange: async (key, range) => {
        const bytes = await get(key)
        if (!bytes) return undefined
        return 'suffixLength' in range
          ? bytes.slice(-range.suffixLength)
          : bytes.slice(range.offset, range.offset + range.length)
      },
    },
  }
}

/** Thousands of versions. */
const mostManifest = 2 ** 24
