import { OcdbtProblem } from './bytes'
import { unpackFrame } from './frame'
import { readFiles, readPlaces, type Place } from './places'

/** Where the newest tree of a store begins, and how high it is; undefined for a store of nothing. */
export type Root = { place: Place; height: number } | undefined

const uuidBytes = 16
const timeBytes = 8

/** @throws OcdbtProblem for a manifest that makes no sense */
export function readManifest(manifest: Uint8Array): Root {
  const bytes = unpackFrame(manifest, 'manifest')
  bytes.take(uuidBytes, 'its uuid')
  const kind = bytes.number('its kind')
  if (kind !== 0) throw new OcdbtProblem('its versions stand in numbered manifests, which are not read')
  bytes.number('the most bytes of an inline value')
  bytes.number('the most bytes of a node')
  bytes.byte('the arity of its versions')
  const compression = bytes.number('its compression')
  if (compression > 1)
    throw new OcdbtProblem(`its compression is ${compression}; known: 0 for none, 1 for zstd`)
  if (compression === 1) bytes.take(4, 'the level of its compression')
  const files = readFiles(bytes, '')
  const count = bytes.number('the count of its versions')
  if (count === 0) return undefined
  const generations = bytes.numbers(count, 'its generations')
  if (generations.some((each, i) => each <= (generations[i - 1] ?? 0)))
    throw new OcdbtProblem('its generations are not in their order')
  const heights = bytes.take(count, 'the heights of its trees')
  const places = readPlaces(bytes, files, count, 'its trees')
  const keys = bytes.numbers(count, 'the counts of keys')
  bytes.numbers(count, 'the bytes of its trees')
  bytes.numbers(count, 'the bytes of its values')
  bytes.take(count * timeBytes, 'the times of its versions')
  // What follows are older versions.
  return keys[count - 1] === 0 ? undefined : { place: places[count - 1], height: heights[count - 1] }
}
