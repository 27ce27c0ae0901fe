import type { GpuKernel } from './kernel'
import { walkCode } from './strides'

/** Tiles of a product that a group of 16 × 16 threads forms: their edges. */
const [smallTile, largeTile] = [16, 64]

/** The edge of the tiles that a product of these sizes is formed in. */
export const tileFor = (rows: number, columns: number): number =>
  rows <= 32 || columns <= 32 ? smallTile : largeTile

/**
 * y = a · b for each of a batch, tile by tile through workgroup memory. Parameters: rows, columns, depth, then how far the
 * rows and the columns of a are apart, those of b, and the walk through the batch. Inputs that are 0 apart are broadcast.
 */
export function productKernel(tile: number): GpuKernel {
  const each = tile / 16
  return {
    name: `BatchMatMul ${tile}`,
    inputs: { a: 'f32', b: 'f32' },
    outputs: { y: 'f32' },
    code: `
const TILE = ${tile}u;
const DEPTH = 16u;
const EACH = ${each}u;
var<workgroup> aTile: array<f32, ${tile * 16}>;
var<workgroup> bTile: array<f32, ${tile * 16}>;
@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) t: u32) {
  let rows = param(0);
  let columns = param(1);
  let depth = param(2);
  var aStart = 0u;
  var bStart = 0u;
${walkCode(['aStart', 'bStart'], '7u', 'group.z')}
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
        y[(group.z * rows + row) * columns + column] = sums[i * EACH + j];
      }
    }
  }
}`,
  }
}
