import type { FuzzTarget } from '@ttt-e2e/tensor-ops/testing'
import { openTokenArray } from '../sources/token-arrays/token-array'
import type { ZarrStore } from '../zarr/zarr-array'
import { ZarrProblem } from '../zarr/array-metadata'
import { zarrFiles, type ZarrOptions } from './write-zarr'

type Files = Record<string, Uint8Array>
const count = 29

/** Files by zarr's keys. */
const storeOf = (files: Files): ZarrStore => {
  const get = async (key: string) => files[key.replace('/train/', '')]
  return {
    get,
    async getRange(key, range) {
      const bytes = await get(key)
      if (!bytes) return undefined
      const start = 'suffixLength' in range ? bytes.length - range.suffixLength : range.offset
      const end = 'suffixLength' in range ? bytes.length : range.offset + range.length
      if (!(start >= 0 && start <= end && end <= bytes.length)) throw new ZarrProblem('it ends before')
      return Uint8Array.from(bytes.subarray(start, end))
    },
  }
}

/** One file of an array of tokens, which is read whole. */
const zarr = (name: string, options: ZarrOptions) => async (): Promise<FuzzTarget> => {
  const files = await zarrFiles(
    Int32Array.from({ length: count }, (_, i) => i),
    options,
  )
  return {
    file: files[name],
    async open(bytes) {
      const array = await openTokenArray(storeOf({ ...files, [name]: bytes }), '/train', "'train'")
      await array!.read(0, Math.min(array!.length, count))
    },
  }
}

/** Every file that data is read from, by its name. */
export const fuzzTargets: Readonly<Record<string, () => Promise<FuzzTarget>>> = {
  'zarr.json': zarr('zarr.json', { compression: 'blosc' }),
  'zarr.json-sharded': zarr('zarr.json', { shard: 2 }),
  '.zarray': zarr('.zarray', { version: 2, compression: 'zstd' }),
  'zarr-blosc': zarr('c/1', { compression: 'blosc' }),
  'zarr-gzip': zarr('c/1', { compression: 'gzip' }),
  'zarr-zstd': zarr('1', { version: 2, compression: 'zstd' }),
  'zarr-shard': zarr('c/0', { shard: 2 }),
}
