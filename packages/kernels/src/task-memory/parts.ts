import { forEachValue, groupsFor, type GpuKernel, type Part, type PartBuffer } from '../engines/webgpu/kernel'

/** Tasks are heads of sequences. */
export interface TaskTokens {
  batch: number
  length: number
  heads: number
}

/** Values that a kernel works with: of a task's memory, and of a token's row. */
export interface TaskMemory {
  values: number
  row: number
}

const part = (
  kernel: GpuKernel,
  inputs: PartBuffer[],
  output: number,
  size: number,
  parameters: number[],
): Part => ({
  // prettier-ignore
  kernel,
  inputs,
  outputs: [output],
  parameters: [size, ...parameters],
  groups: groupsFor(size),
})

/** Copies values [groups, n] to each task's place, in turn; zeros where nothing is given. */
export function bringPart(
  tasks: number,
  n: number,
  groups: number,
  from: PartBuffer | undefined,
  memory: number,
  each: number,
  at: number,
): Part {
  // prettier-ignore
  const kernel: GpuKernel = {
    name: `to memories of tasks ${from === undefined}`,
    inputs: from === undefined ? {} : { x: 'f32' },
    outputs: { y: 'f32' },
    code: forEachValue(`
  let task = i / param(1);
  y[task * param(3) + param(4) + i % param(1)] = ${from === undefined ? '0.0' : 'x[task % param(2) * param(1) + i % param(1)]'};`),
  }
  return part(kernel, from === undefined ? [] : [from], memory, tasks * n, [n, groups, each, at])
}

const fetch: GpuKernel = {
  name: 'sums of memories of tasks',
  inputs: { x: 'f32' },
  outputs: { y: 'f32' },
  code: forEachValue(`
  var sum = 0.0;
  for (var task = i / param(1); task < param(5); task += param(2)) { sum += x[task * param(3) + param(4) + i % param(1)]; }
  y[i] = sum;`),
}

/** The way back: what several tasks have of a group is summed. */
export const fetchPart = (
  tasks: number,
  n: number,
  groups: number,
  memory: PartBuffer,
  output: number,
  each: number,
  at: number,
): Part =>
  // prettier-ignore
  part(fetch, [memory], output, groups * n, [n, groups, each, at, tasks])

/** Copies a tensor of tokens [B, T, H, n] into rows [B, H, T, `row`] from column `at` on, or back. */
export function tokensPart(
  { batch, length, heads }: TaskTokens,
  n: number,
  from: PartBuffer | undefined,
  to: number,
  row: number,
  at: number,
  back = false,
): Part {
  // prettier-ignore
  const [token, place] = ['i', '((b * param(2) + h) * param(3) + t) * param(4) + param(5) + c']
  const value = from === undefined ? '0.0' : `x[${back ? place : token}]`
  const kernel: GpuKernel = {
    name: `tokens of tasks ${back} ${from === undefined}`,
    inputs: from === undefined ? {} : { x: 'f32' },
    outputs: { y: 'f32' },
    code: forEachValue(`
  let c = i % param(1);
  let h = i / param(1) % param(2);
  let t = i / param(1) / param(2) % param(3);
  let b = i / param(1) / param(2) / param(3);
  y[${back ? token : place}] = ${value};`),
  }
  return part(kernel, from === undefined ? [] : [from], to, batch * length * heads * n, [n, heads, length, row, at]) // prettier-ignore
}
