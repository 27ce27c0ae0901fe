import { groupTotal } from './group-reduction'
import { groupSize, groupsFor, outputAsInput, type GpuKernel, type Part } from './kernel'

/** Values of a row that a group of threads squares and sums, so that large tensors keep the whole GPU busy. */
const perGroup = 16384

const sumGroup = `${groupTotal(groupSize)}
@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {`

const partialSums: GpuKernel = {
  name: 'squares, in part',
  inputs: { x: 'f32' },
  outputs: { y: 'f32' },
  code: `${sumGroup}
  let end = min((group.x + 1u) * ${perGroup}u, param(0));
  var own = 0.0;
  for (var k = group.x * ${perGroup}u + t; k < end; k += WG) {
    let value = x[group.y * param(0) + k];
    own += value * value;
  }
  let sum = total(own, t);
  if (t == 0u) { y[group.y * param(1) + param(2) + group.x] = sum; }
}`,
}

const wholeSums: GpuKernel = {
  name: 'norms of sums',
  inputs: { x: 'f32' },
  outputs: { y: 'f32' },
  code: `${sumGroup}
  var own = 0.0;
  for (var k = t; k < param(0); k += WG) { own += x[group.x * param(0) + k]; }
  let sum = total(own, t);
  if (t == 0u) { y[group.x] = sqrt(sum); }
}`,
}

/**
 * The norm of each of `rows` rows over all of these inputs together, each of which has `sizes` values a row.
 *
 * @param inputs which of the call's inputs
 * @param norm which output gets the norms, and `scratch` which one, of as many values as are returned, is free for sums
 */
export function normParts(
  inputs: readonly number[],
  sizes: readonly number[],
  rows: number,
  { norm, scratch }: { norm: number; scratch: number },
): { parts: Part[]; scratchSize: number } {
  const groups = sizes.map((size) => Math.ceil(size / perGroup))
  const width = groups.reduce((sum, count) => sum + count, 0)
  let at = 0
  const parts = inputs.map((input, i): Part => {
    const parameters = [sizes[i], width, at]
    at += groups[i]
    return {
      kernel: partialSums,
      inputs: [input],
      outputs: [scratch],
      parameters,
      groups: [groups[i], rows, 1],
    }
  })
  const whole: Part = {
    kernel: wholeSums,
    inputs: [outputAsInput(scratch)],
    outputs: [norm],
    parameters: [width],
    groups: groupsFor(rows, 1),
  }
  return { parts: [...parts, whole], scratchSize: rows * width }
}
