import type { Shapes } from '@ttt-e2e/tensor-ops'
import { sizeOf } from '../engines/size-of'
import type { StateScan } from './scan'
import { mostRows, rowPlaces, slopePlaces, stateValues, tilesOf, unitsOf, type ScanForm, type ScanSizes } from './sizes' // prettier-ignore

/** Values that a stretch of tokens may take: rows as they are gathered, states as they are kept. */
const mostValues = 2 ** 24

const within = (most: number, each: number) => Math.floor(most / Math.max(1, each))

/** Tokens that are read at a time. @param mostBytes what a kernel may get of a buffer */
export function tokensRead(sizes: ScanSizes, form: ScanForm, mostBytes: number): number {
  const each = unitsOf(sizes) * rowPlaces(sizes, form).all
  return Math.max(1, Math.min(sizes.length, within(Math.min(mostValues, mostBytes / 4), each)))
}

/** Tokens whose states are kept at a time on the way back: of a long text as many as there are stretches of them. */
export function tokensKept(sizes: ScanSizes, form: ScanForm, mostBytes: number): number {
  const each = Math.max(
    stateValues(sizes),
    slopeValues(sizes, form),
    unitsOf(sizes) * rowPlaces(sizes, form).all,
  )
  const wanted = Math.max(within(mostValues, each), Math.ceil(Math.sqrt(sizes.length)))
  return Math.max(1, Math.min(sizes.length, wanted, within(mostBytes / 4, each)))
}

/** Values of the slopes of one token, in all tiles. */
export const slopeValues = (sizes: ScanSizes, form: ScanForm): number =>
  unitsOf(sizes) * tilesOf(sizes) * slopePlaces(sizes, form).all

const mostGroups = 65535

/** Whether a scan's kernels take these inputs on a GPU of these limits, or why not. */
export function scanSupports(
  scan: StateScan,
  inputs: Shapes,
  isGradient: boolean,
  { maxStorageBufferBindingSize: most }: Pick<GPUSupportedLimits, 'maxStorageBufferBindingSize'>,
): true | string {
  const sizes = scan.sizes(inputs)
  if (sizes.depth > mostRows) return `its keys have ${sizes.depth} channels, its kernel takes ${mostRows}`
  const groups = tilesOf(sizes) * unitsOf(sizes)
  if (groups > mostGroups) return `its states take ${groups} workgroups, a GPU starts ${mostGroups}`
  const kept = tokensKept(sizes, scan, most)
  const own = isGradient
    ? [stateValues(sizes) * Math.max(kept, Math.ceil(sizes.length / kept)), slopeValues(sizes, scan) * kept]
    : [stateValues(sizes)]
  const rows = unitsOf(sizes) * rowPlaces(sizes, scan).all
  const largest = 4 * Math.max(rows, ...own, ...Object.values(inputs).map(sizeOf))
  return largest <= most || `it takes a buffer of ${largest} bytes, a kernel of this GPU may get ${most}`
}
