import { reductionCode, type GroupReductions } from './group-reduction'

/** What a buffer's values are to a kernel; `u32` for those that are moved without being looked at. */
export type Element = 'f32' | 'i32' | 'u32'

/** A kernel in WGSL. Two of one name have the same source. */
export interface GpuKernel {
  name: string
  inputs: Record<string, Element>
  outputs: Record<string, Element>
  /** Functions of a whole group that `code` calls. */
  reductions?: GroupReductions
  /** Whether `code` has values of f16. */
  f16?: boolean
  /** Declarations and `fn main`; see `sourceOf` for what stands before it. */
  code: string
}

/** One dispatch. */
export interface Part {
  kernel: GpuKernel
  /** Which of the call's inputs and outputs the kernel's are, in its order. An input may be an output of an earlier part. */
  inputs: readonly PartBuffer[]
  outputs: readonly number[]
  /** 32-bit words that `param(i)` gives. */
  parameters: readonly number[]
  groups: readonly [x: number, y: number, z: number]
  /** The stretches of buffers that it gets in place of whole ones, by their places among its inputs and outputs. */
  ranges?: Readonly<Record<number, Range>>
}
/** Values of a buffer. `start` is a multiple of `rangeStep`. */
export interface Range {
  start: number
  count: number
}
/** Where a buffer may be cut: every adapter allows offsets of 256 bytes. */
const rangeStep = 64
/** An input of the call, or one of its outputs, counted from −1 down. */
export type PartBuffer = number
export const outputAsInput = (output: number): PartBuffer => -1 - output

/**
 * The parts of a kernel that makes value i of its first parameter's number from the values i of its inputs, none of which
 * gets more of a buffer than it may.
 *
 * @param whole the places of buffers that are of another size
 */
export function inRanges(part: Part, mostBytes: number, whole: readonly number[] = []): Part[] {
  const [size, ...more] = part.parameters
  if (size * 4 <= mostBytes) return [part]
  const each = Math.floor(mostBytes / 4 / rangeStep) * rangeStep
  const buffers = part.inputs.length + part.outputs.length
  return Array.from({ length: Math.ceil(size / each) }, (_, i) => {
    const range = { start: i * each, count: Math.min(each, size - i * each) }
    return {
      ...part,
      parameters: [range.count, ...more],
      groups: groupsFor(range.count),
      ranges: Object.fromEntries(
        Array.from({ length: buffers }, (_, place) => place)
          .filter((place) => !whole.includes(place))
          .map((place) => [place, range]),
      ),
    }
  })
}

/**
 * Rows of a matrix that is no larger than a kernel's buffer may be, or stretches of them that aren't; of a single step of rows
 * where that is larger, too: the backend refuses such a call.
 *
 * @param narrower widths of other matrices that are cut between the same rows
 */
export function rangesOfRows(
  rows: number,
  width: number,
  mostBytes: number,
  narrower: readonly number[] = [],
): { from: number; count: number; range?: Range }[] {
  if (rows * width * 4 <= mostBytes) return [{ from: 0, count: rows }]
  const step = Math.max(...[width, ...narrower].map(rowsBetweenCuts))
  const each = Math.max(1, Math.floor(mostBytes / (4 * width) / step)) * step
  return Array.from({ length: Math.ceil(rows / each) }, (_, i) => {
    const from = i * each
    const count = Math.min(each, rows - from)
    return { from, count, range: { start: from * width, count: count * width } }
  })
}

/** How far apart the rows of a matrix are that begin where a buffer may be cut: as many as `rangeStep`, which is 2⁶, has 2s more than the width. */
const rowsBetweenCuts = (width: number) => rangeStep / Math.min(rangeStep, width & -width)

/** Words that a kernel can be given. */
export const mostParameters = 64

const words = new DataView(new ArrayBuffer(4))
/** A float as the word that `bitcast<f32>(param(i))` gives back. */
export function floatWord(value: number): number {
  words.setFloat32(0, value)
  return words.getUint32(0)
}

/** Threads of a workgroup, wherever the kernel doesn't say otherwise: every adapter has as many. */
export const groupSize = 256
const mostGroups = 65535

/** Groups for a thread each for so many values; `thread` of the source numbers them. */
export function groupsFor(count: number, each = groupSize): [number, number, number] {
  const groups = Math.ceil(count / each)
  if (groups <= mostGroups) return [groups, 1, 1]
  const rows = Math.ceil(groups / mostGroups)
  return [Math.ceil(groups / rows), rows, 1]
}

/**
 * The whole source: the buffers by their names, `param(i)`, and for kernels of a thread per value
 * `threadOf(global_invocation_id, num_workgroups)`, `groupOf(workgroup_id, num_workgroups)` for those of a group per value.
 *
 * @param features the device's
 */
export function sourceOf(
  { inputs, outputs, reductions, f16, code }: GpuKernel,
  features: ReadonlySet<string>,
): string {
  const subgroups = reductions !== undefined && features.has('subgroups')
  let binding = 1
  const declare =
    (access: string) =>
    ([name, element]: [string, Element]) =>
      `@group(0) @binding(${binding++}) var<storage, ${access}> ${name}: array<${element}>;`
  return [
    ...(subgroups ? ['enable subgroups;'] : []),
    ...(f16 ? ['enable f16;'] : []),
    `@group(0) @binding(0) var<uniform> parameters: array<vec4u, ${mostParameters / 4}>;`,
    ...Object.entries(inputs).map(declare('read')),
    ...Object.entries(outputs).map(declare('read_write')),
    'fn param(i: u32) -> u32 { return parameters[i >> 2u][i & 3u]; }',
    'fn threadOf(id: vec3u, groups: vec3u) -> u32 { return id.x + id.y * groups.x * WG; }',
    'fn groupOf(id: vec3u, groups: vec3u) -> u32 { return id.x + id.y * groups.x; }',
    `const WG = ${groupSize}u;`,
    ...(reductions ? [reductionCode(reductions, subgroups)] : []),
    code,
  ].join('\n')
}

/** `fn main` of a kernel with a thread `i` for each of `param(0)` values. */
export const forEachValue = (body: string): string => `
@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = threadOf(id, groups);
  if (i >= param(0)) { return; }
${body}
}`
