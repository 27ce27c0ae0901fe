import type { GpuKernel, Part, PartBuffer } from './kernel'

/** Columns that a group of threads sums, as many rows at a time as it has lanes for each. */
const [columns, lanes] = [32, 8]

const columnSums: GpuKernel = {
  name: 'column sums',
  inputs: { x: 'f32' },
  outputs: { y: 'f32' },
  code: `
var<workgroup> partial: array<f32, ${columns * lanes}>;
@compute @workgroup_size(${columns}, ${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) t: u32) {
  let width = param(1);
  let column = group.x * ${columns}u + local.x;
  var total = 0.0;
  if (column < width) {
    for (var row = local.y; row < param(0); row += ${lanes}u) { total += x[row * width + column]; }
  }
  partial[t] = total;
  workgroupBarrier();
  for (var half = ${lanes / 2}u; half > 0u; half = half / 2u) {
    if (local.y < half) { partial[t] += partial[t + half * ${columns}u]; }
    workgroupBarrier();
  }
  if (local.y == 0u && column < width) { y[column] = partial[t]; }
}`,
}

/** Sums of the columns of [rows, width]. */
export const columnSumsPart = (rows: number, width: number, input: PartBuffer, output: number): Part => ({
  kernel: columnSums,
  inputs: [input],
  outputs: [output],
  parameters: [rows, width],
  groups: [Math.ceil(width / columns), 1, 1],
})
