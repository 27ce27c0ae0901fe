import { sizeOf } from '../size-of'
import type { GpuBackend } from './backend'
import { halfCode, type GpuPrecision } from './half'
import type { GpuKernel, Part, PartBuffer, Range } from './kernel'
import { walkCode, walkWords, type Walk } from './strides'
import { fewRows, halfDepth, type Tiles } from './tiles'

/** What a group of 256 threads makes of a product, and how many terms it brings at a time. */
interface ProductTile {
  rows: number
  columns: number
  depth: number
}

const square = ({ edge, depth }: Tiles['product']): ProductTile => ({ rows: edge, columns: edge, depth })
const ofFewRows = (tile: Tiles['productOfFewRows']): ProductTile => ({ rows: fewRows, ...tile })

/** Where a product has no more than 32 rows or columns: a value for each of a group of 16 × 16 threads. */
const smallEdge = 16

function tileFor(
  rows: number,
  columns: number,
  { tiles, precision }: Pick<GpuBackend, 'tiles' | 'precision'>,
): ProductTile {
  if (rows <= fewRows && columns > smallEdge) return ofFewRows(tiles.productOfFewRows)
  if (rows > 32 && columns > 32) return square(tiles.product)
  return square({ edge: smallEdge, depth: precision === 'f16' ? halfDepth : smallEdge })
}

/** A matrix in a buffer: how far its rows and its columns are apart, and where it begins. */
export interface Factor {
  /** Which of the call's. */
  buffer: PartBuffer
  strides: readonly [row: number, column: number]
  start?: number
  range?: Range
}

/** Where a product goes: rows of `width` values, one behind the other. */
export interface Target {
  output: number
  start?: number
  /** How far its rows are apart; as many values as they have where left out. */
  width?: number
  range?: Range
}

/** Rows one behind the other. */
export const rowMajor = (buffer: PartBuffer, width: number, more: Partial<Factor> = {}): Factor => ({
  buffer,
  strides: [width, 1],
  ...more,
})
export const transposed = (factor: Factor): Factor => ({
  ...factor,
  strides: [factor.strides[1], factor.strides[0]],
})

/**
 * y = a · b for each of a batch.
 *
 * @param gpu its tiles, and what products take
 * @param batch a walk through the matrices of a and of b; those that are 0 apart are broadcast
 * @param sizes.accumulate whether the product is added to what stands there
 */
export function productPart(
  a: Factor,
  b: Factor,
  y: Target,
  sizes: { rows: number; columns: number; depth: number; accumulate?: boolean },
  gpu: Pick<GpuBackend, 'tiles' | 'precision'>,
  batch: Walk = { shape: [1], strides: [[0], [0]] },
): Part {
  const { rows, columns, depth, accumulate } = sizes
  const tile = tileFor(rows, columns, gpu)
  const ranges = [a.range, b.range, y.range]
  return {
    kernel: productKernel(tile, gpu.precision),
    inputs: [a.buffer, b.buffer],
    outputs: [y.output],
    parameters: [
      rows,
      columns,
      depth,
      ...a.strides,
      ...b.strides,
      a.start ?? 0,
      b.start ?? 0,
      y.start ?? 0,
      y.width ?? columns,
      accumulate ? 1 : 0,
      ...walkWords(batch),
    ],
    groups: [Math.ceil(columns / tile.columns), Math.ceil(rows / tile.rows), sizeOf(batch.shape)],
    ...(ranges.some(Boolean) && {
      ranges: Object.fromEntries(ranges.flatMap((range, i) => (range ? [[i, range]] : []))),
    }),
  }
}

/** A factor's tile in WGSL: lines are rows of a or columns of b. */
interface Side {
  name: 'a' | 'b'
  lines: 'ROWS' | 'COLUMNS'
  first: string
  count: string
  /** Whether neighbours in memory are of different lines, and where a value stands. */
  across: string
  place: string
}
const sides: readonly Side[] = [
  { name: 'a', lines: 'ROWS', first: 'firstRow', count: 'rows', across: 'param(4) != 1u', place: 'aStart + (firstRow + line) * param(3) + (k + at) * param(4)' }, // prettier-ignore
  { name: 'b', lines: 'COLUMNS', first: 'firstColumn', count: 'columns', across: 'param(6) == 1u', place: 'bStart + (k + at) * param(5) + (firstColumn + line) * param(6)' }, // prettier-ignore
]

/** Does something for each `line` and place `at` in the depth that a thread brings; neighbours read along whatever lies together. */
const forEachBrought = ({ across, lines }: Side, body: string) => `
    for (var e = t; e < ${lines} * DEPTH; e += 256u) {
      let across = ${across};
      let line = select(e / DEPTH, e % ${lines}, across);
      let at = select(e % DEPTH, e / ${lines}, across);
${body}
    }`

const valueOf = ({ name, first, count, place }: Side) => `
      var value = 0.0;
      if (${first} + line < ${count} && k + at < depth) { value = ${name}[${place}]; }`

/** What the two precisions do differently with a stretch of the depth. */
interface Form {
  declarations: string
  bring: string
  /** Of a tile's value. */
  held(value: string): string
  /** To what a stretch's products are added, and what comes after it. */
  target: string
  before: string
  after: string
}

const forms: Readonly<Record<GpuPrecision, Form>> = {
  f32: {
    declarations: sides
      .map(({ name, lines }) => `var<workgroup> ${name}Tile: array<f32, ${lines} * DEPTH>;`)
      .join('\n'),
    bring: sides
      .map((side) =>
        forEachBrought(side, `${valueOf(side)}\n      ${side.name}Tile[at * ${side.lines} + line] = value;`),
      )
      .join(''),
    held: (value) => value,
    target: 'sums',
    before: '',
    after: '',
  },
  f16: {
    // The largest values of this stretch's lines, and of the next one's, which are set to 0 meanwhile.
    declarations: `${halfCode}
${sides.map(({ name, lines }) => `var<workgroup> ${name}Tile: array<f16, ${lines} * DEPTH>;\nvar<workgroup> ${name}Largest: array<atomic<u32>, 2 * ${lines}>;`).join('\n')}`, // prettier-ignore
    bring: `
    let turn = k / DEPTH % 2u;
${sides
  .map(
    (side) =>
      `    var ${side.name}Values: array<f32, (${side.lines} * DEPTH + 255u) / 256u>;${forEachBrought(
        side,
        `${valueOf(side)}
      ${side.name}Values[e / 256u] = value;
      atomicMax(&${side.name}Largest[turn * ${side.lines} + line], bitcast<u32>(abs(value)));`,
      )}`,
  )
  .join('\n')}
    workgroupBarrier();
${sides
  .map(
    (side) => `${forEachBrought(
      side,
      `      ${side.name}Tile[at * ${side.lines} + line] = held(${side.name}Values[e / 256u], atomicLoad(&${side.name}Largest[turn * ${side.lines} + line]));`,
    )}
    if (t < ${side.lines}) { atomicStore(&${side.name}Largest[(1u - turn) * ${side.lines} + t], 0u); }`,
  )
  .join('\n')}`,
    held: (value) => `f32(${value})`,
    target: 'part',
    // Zeros are said: Mesa's compiler doesn't make them anew in each round.
    before: 'var part = array<f32, EACH_ROWS * EACH_COLUMNS>();',
    after: `
    for (var i = 0u; i < EACH_ROWS; i++) {
      let unit = unitOf(atomicLoad(&aLargest[turn * ROWS + local.y + i * HIGH]));
      for (var j = 0u; j < EACH_COLUMNS; j++) {
        let sum = i * EACH_COLUMNS + j;
        sums[sum] += part[sum] * unit * unitOf(atomicLoad(&bLargest[turn * COLUMNS + local.x + j * WIDE]));
      }
    }`,
  },
}

/**
 * Tile by tile through workgroup memory. Parameters: rows, columns, depth, then how far the rows and the columns of a are
 * apart, those of b, where a, b and y begin, how far y's rows are apart, whether to add, and the walk through the batch.
 */
function productKernel({ rows, columns, depth }: ProductTile, precision: GpuPrecision): GpuKernel {
  const high = Math.min(16, rows)
  const wide = 256 / high
  const { declarations, bring, held, target, before, after } = forms[precision]
  return {
    name: `BatchMatMul ${precision} ${rows} × ${columns} × ${depth}`,
    inputs: { a: 'f32', b: 'f32' },
    outputs: { y: 'f32' },
    f16: precision === 'f16',
    code: `
const ROWS = ${rows}u;
const COLUMNS = ${columns}u;
const DEPTH = ${depth}u;
const HIGH = ${high}u;
const WIDE = ${wide}u;
const EACH_ROWS = ROWS / HIGH;
const EACH_COLUMNS = COLUMNS / WIDE;
${declarations}
@compute @workgroup_size(WIDE, HIGH)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) t: u32) {
  let rows = param(0);
  let columns = param(1);
  let depth = param(2);
  var aStart = param(7);
  var bStart = param(8);
${walkCode(['aStart', 'bStart'], '12u', 'group.z')}
  let firstRow = group.y * ROWS;
  let firstColumn = group.x * COLUMNS;
  var sums: array<f32, EACH_ROWS * EACH_COLUMNS>;
  for (var k = 0u; k < depth; k += DEPTH) {
    ${bring}
    workgroupBarrier();
    ${before}
    for (var at = 0u; at < DEPTH; at++) {
      var bs: array<f32, EACH_COLUMNS>;
      for (var j = 0u; j < EACH_COLUMNS; j++) { bs[j] = ${held('bTile[at * COLUMNS + local.x + j * WIDE]')}; }
      for (var i = 0u; i < EACH_ROWS; i++) {
        let value = ${held('aTile[at * ROWS + local.y + i * HIGH]')};
        for (var j = 0u; j < EACH_COLUMNS; j++) { ${target}[i * EACH_COLUMNS + j] += value * bs[j]; }
      }
    }
    ${after}
    workgroupBarrier();
  }
  for (var i = 0u; i < EACH_ROWS; i++) {
    let row = firstRow + local.y + i * HIGH;
    for (var j = 0u; j < EACH_COLUMNS; j++) {
      let column = firstColumn + local.x + j * WIDE;
      if (row < rows && column < columns) {
        let at = param(9) + (group.z * rows + row) * param(10) + column;
        var sum = sums[i * EACH_COLUMNS + j];
        if (param(11) != 0u) { sum += y[at]; }
        y[at] = sum;
      }
    }
  }
}`,
  }
}

/** The kernels whose tiles may be chosen. */
export const tiledKernels = (tiles: Tiles, precision: GpuPrecision): GpuKernel[] =>
  [square(tiles.product), ofFewRows(tiles.productOfFewRows)].map((tile) => productKernel(tile, precision))
