import { groupTotal } from './group-reduction'
import { groupSize, groupsFor, outputAsInput, type GpuKernel, type Part, type PartBuffer } from './kernel'

/** Values of a row that a group of threads sums, so that large tensors keep the whole GPU busy. */
const perGroup = 16384

const sumGroup = `
@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {`

const partialSums: GpuKernel = {
  name: 'products, summed in part',
  inputs: { a: 'f32', b: 'f32' },
  outputs: { y: 'f32' },
  reductions: groupTotal(groupSize),
  code: `${sumGroup}
  let end = min((group.x + 1u) * ${perGroup}u, param(0));
  var own = 0.0;
  for (var k = group.x * ${perGroup}u + t; k < end; k += WG) {
    own += a[group.y * param(0) + k] * b[group.y * param(0) + k];
  }
  let sum = total(own, t);
  if (t == 0u) { y[group.y * param(1) + param(2) + group.x] = sum; }
}`,
}

const wholeSums: GpuKernel = {
  name: 'sums of sums',
  inputs: { x: 'f32' },
  outputs: { y: 'f32' },
  reductions: groupTotal(groupSize),
  code: `${sumGroup}
  var own = 0.0;
  for (var k = t; k < param(0); k += WG) { own += x[group.x * param(0) + k]; }
  let sum = total(own, t);
  if (t == 0u) { y[param(1) + group.x] = select(sum, sqrt(sum), param(2) != 0u); }
}`,
}

/** Values that `dotParts` needs for sums. */
export const dotScratch = (sizes: readonly number[], rows: number): number =>
  rows * groupsOf(sizes).reduce((sum, count) => sum + count, 0)
const groupsOf = (sizes: readonly number[]) => sizes.map((size) => Math.ceil(size / perGroup))

/**
 * The inner products of each of `rows` rows over all pairs of inputs together.
 *
 * @param pairs which of the call's inputs
 * @param sizes the values that a row has of each pair
 * @param to.output which output gets them, from the value `at` on
 * @param to.scratch which output, of as many values as `dotScratch` says, is free for sums
 * @param to.root whether their roots are wanted: norms
 * @param mostBytes what a kernel may get of a buffer
 */
export function dotParts(
  pairs: readonly (readonly [PartBuffer, PartBuffer])[],
  sizes: readonly number[],
  rows: number,
  { output, at = 0, scratch, root = false }: { output: number; at?: number; scratch: number; root?: boolean },
  mostBytes: number,
): Part[] {
  const groups = groupsOf(sizes)
  const width = groups.reduce((sum, count) => sum + count, 0)
  let place = 0
  const parts = pairs.flatMap((pair, i): Part[] => {
    const first = place
    place += groups[i]
    const partOf = (count: number, at: number): Part => {
      const own = Math.ceil(count / perGroup)
      return {
        kernel: partialSums,
        inputs: pair,
        outputs: [scratch],
        parameters: [count, width, at],
        groups: [own, rows, 1],
      }
    }
    if (rows > 1 || sizes[i] * 4 <= mostBytes) return [partOf(sizes[i], first)]
    // A single row that is larger than a kernel's buffer may be.
    const each = Math.max(1, Math.floor(mostBytes / 4 / perGroup)) * perGroup
    return Array.from({ length: Math.ceil(sizes[i] / each) }, (_, n) => {
      const range = { start: n * each, count: Math.min(each, sizes[i] - n * each) }
      return { ...partOf(range.count, first + range.start / perGroup), ranges: { 0: range, 1: range } }
    })
  })
  const whole: Part = {
    kernel: wholeSums,
    inputs: [outputAsInput(scratch)],
    outputs: [output],
    parameters: [width, at, root ? 1 : 0],
    groups: groupsFor(rows, 1),
  }
  return [...parts, whole]
}

/** The norm of each of `rows` rows over all of these inputs together. */
export const normParts = (
  inputs: readonly number[],
  sizes: readonly number[],
  rows: number,
  { norm, scratch }: { norm: number; scratch: number },
  mostBytes: number,
): Part[] => {
  const pairs = inputs.map((input) => [input, input] as const)
  return dotParts(pairs, sizes, rows, { output: norm, scratch, root: true }, mostBytes)
}
