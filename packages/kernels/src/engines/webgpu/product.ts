import { sizeOf } from '../size-of'
import type { GpuKernel, Part, PartBuffer, Range } from './kernel'
import { walkCode, walkWords, type Walk } from './strides'
import type { Tiles } from './tiles'

/** Where a product has few rows or columns: a value for each of a group of 16 × 16 threads. */
const small: Tiles['product'] = { edge: 16, depth: 16 }

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
 * @param tiles the adapter's
 * @param batch a walk through the matrices of a and of b; those that are 0 apart are broadcast
 * @param sizes.accumulate whether the product is added to what stands there
 */
export function productPart(
  a: Factor,
  b: Factor,
  y: Target,
  sizes: { rows: number; columns: number; depth: number; accumulate?: boolean },
  tiles: Tiles,
  batch: Walk = { shape: [1], strides: [[0], [0]] },
): Part {
  const { rows, columns, depth, accumulate } = sizes
  const tile = rows <= 32 || columns <= 32 ? small : tiles.product
  const ranges = [a.range, b.range, y.range]
  return {
    kernel: productKernel(tile),
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
    groups: [Math.ceil(columns / tile.edge), Math.ceil(rows / tile.edge), sizeOf(batch.shape)],
    ...(ranges.some(Boolean) && {
      ranges: Object.fromEntries(ranges.flatMap((range, i) => (range ? [[i, range]] : []))),
    }),
  }
}

/**
 * Tile by tile through workgroup memory. Parameters: rows, columns, depth, then how far the rows and the columns of a are
 * apart, those of b, where a, b and y begin, how far y's rows are apart, whether to add, and the walk through the batch.
 */
export function productKernel({ edge, depth }: Tiles['product']): GpuKernel {
  const each = edge / 16
  return {
    name: `BatchMatMul ${edge} ${depth}`,
    inputs: { a: 'f32', b: 'f32' },
    outputs: { y: 'f32' },
    code: `
const TILE = ${edge}u;
const DEPTH = ${depth}u;
const EACH = ${each}u;
var<workgroup> aTile: array<f32, ${edge * depth}>;
var<workgroup> bTile: array<f32, ${edge * depth}>;
@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) t: u32) {
  let rows = param(0);
  let columns = param(1);
  let depth = param(2);
  var aStart = param(7);
  var bStart = param(8);
${walkCode(['aStart', 'bStart'], '12u', 'group.z')}
  let firstRow = group.y * TILE;
  let firstColumn = group.x * TILE;
  var sums: array<f32, ${each * each}>;
  for (var k = 0u; k < depth; k += DEPTH) {
    for (var e = t; e < TILE * DEPTH; e += 256u) {
      // Neighbouring threads read along whatever lies together.
      let across = param(4) != 1u;
      let row = select(e / DEPTH, e % TILE, across);
      let at = select(e % DEPTH, e / TILE, across);
      var value = 0.0;
      if (firstRow + row < rows && k + at < depth) {
        value = a[aStart + (firstRow + row) * param(3) + (k + at) * param(4)];
      }
      aTile[at * TILE + row] = value;
    }
    for (var e = t; e < TILE * DEPTH; e += 256u) {
      let across = param(6) == 1u;
      let column = select(e / DEPTH, e % TILE, across);
      let at = select(e % DEPTH, e / TILE, across);
      var value = 0.0;
      if (firstColumn + column < columns && k + at < depth) {
        value = b[bStart + (k + at) * param(5) + (firstColumn + column) * param(6)];
      }
      bTile[at * TILE + column] = value;
    }
    workgroupBarrier();
    for (var at = 0u; at < DEPTH; at++) {
      var bs: array<f32, ${each}>;
      for (var j = 0u; j < EACH; j++) { bs[j] = bTile[at * TILE + local.x + j * 16u]; }
      for (var i = 0u; i < EACH; i++) {
        let value = aTile[at * TILE + local.y + i * 16u];
        for (var j = 0u; j < EACH; j++) { sums[i * EACH + j] += value * bs[j]; }
      }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < EACH; i++) {
    let row = firstRow + local.y + i * 16u;
    for (var j = 0u; j < EACH; j++) {
      let column = firstColumn + local.x + j * 16u;
      if (row < rows && column < columns) {
        let at = param(9) + (group.z * rows + row) * param(10) + column;
        var sum = sums[i * EACH + j];
        if (param(11) != 0u) { sum += y[at]; }
        y[at] = sum;
      }
    }
  }
}`,
  }
}
