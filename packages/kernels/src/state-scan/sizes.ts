import type { Element } from '../engines/webgpu/kernel'

/** Sizes of a scan whose heads have a state of K × V values, written by R keys and values a token and read by R queries. */
export interface ScanSizes {
  batch: number
  length: number
  heads: number
  /** Heads of queries and keys, each shared by consecutive ones. */
  keyHeads: number
  /** Heads of what else has channels of keys. */
  gateHeads: number
  depth: number
  width: number
  ranks: number
}

/** What a scan does with its state, beside decaying it, adding to it and reading it. */
export interface ScanForm {
  /** Whether it takes away what the state already tells of a value; of one rank. */
  erases: boolean
  /** Whether a token reads another share of what it writes than it leaves. */
  weighs: boolean
}

export const unitsOf = ({ batch, heads }: ScanSizes): number => batch * heads

/** A workgroup has a thread for each row of a state, which holds the values of so many columns. */
export const columnsOf = (depth: number): number => (depth > 128 ? 8 : 16)
export const threadsOf = (depth: number): number => 2 ** Math.ceil(Math.log2(Math.max(16, depth)))
export const mostRows = 256

export const tilesOf = ({ depth, width }: ScanSizes): number =>
  Math.max(1, Math.ceil(width / columnsOf(depth)))

/** Values of all states, each in tiles of columns, a column's values side by side. */
export const stateValues = (sizes: ScanSizes): number =>
  unitsOf(sizes) * tilesOf(sizes) * columnsOf(sizes.depth) * sizes.depth

/** Places of what a token tells a head, row after row of K: its decays, what it erases by, its queries, keys; four numbers. */
export function rowPlaces({ depth, ranks }: ScanSizes, { erases }: ScanForm) {
  const query = erases ? 2 * depth : depth
  const key = query + ranks * depth
  const scale = key + ranks * depth
  return {
    erase: depth,
    query,
    key,
    scale,
    write: scale + 1,
    own: scale + 2,
    skip: scale + 3,
    all: scale + 4,
  }
}

/** The same of the slopes: of the decay's logarithm, what it erases by, queries, keys; of scale and skip; of both weights. */
export function slopePlaces({ depth, ranks }: ScanSizes, { erases, weighs }: ScanForm) {
  const query = erases ? 2 * depth : depth
  const key = query + ranks * depth
  const scale = key + ranks * depth
  const write = scale + 2
  return { erase: depth, query, key, scale, skip: scale + 1, write, own: write + depth, all: weighs ? write + 2 * depth : write } // prettier-ignore
}

/** Parameters of every kernel of a scan: param(0) is free. */
export const parametersOf = (size: number, first: number, count: number, sizes: ScanSizes): number[] => [
  size,
  first,
  count,
  sizes.batch,
  sizes.length,
  sizes.heads,
  sizes.depth,
  sizes.width,
  sizes.ranks,
  sizes.keyHeads,
  sizes.gateHeads,
]
export const ownParameter = 11

/** Declares the sizes as values. */
export const sizesCode = [
  'size',
  'first',
  'count',
  'batch',
  'length',
  'heads',
  'depth',
  'width',
  'ranks',
  'keyHeads',
  'gateHeads',
]
  .map((name, i) => `  let ${name} = param(${i});`)
  .join('\n')

export const floats = (names: readonly string[]): Record<string, Element> =>
  Object.fromEntries(names.map((name) => [name, 'f32' as const]))

const constants = (prefix: string, places: Record<string, number>) =>
  Object.entries(places)
    .map(([name, place]) => `const ${prefix}_${name} = ${place}u;`)
    .join('\n')

/** The places as constants: `row_query`, …, `slope_query`, …; K and R as they are compiled in. */
export const placesCode = (sizes: ScanSizes, form: ScanForm): string =>
  [constants('row', rowPlaces(sizes, form)), constants('slope', slopePlaces(sizes, form))].join('\n')

/** Tells kernels of these places apart. */
export const placesKey = ({ depth, ranks }: ScanSizes, { erases, weighs }: ScanForm): string =>
  `K ${depth}, R ${ranks}, erases ${erases}, weighs ${weighs}`
